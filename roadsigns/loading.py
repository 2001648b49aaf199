"""How a model is loaded: its classes' names, what computes its answers, and its rule for pictures without a sign.

An export or shipped weights with an ONNX file run on ONNX Runtime, in a fraction of the time and memory that TensorFlow
takes to start. Everything else runs on Keras or TensorFlow.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import classes, exported, models, no_sign, signs
from .errors import ModelError
from .preprocess import preprocess
from .resize import Pixels

_BATCH = 256
_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


class Loaded(NamedTuple):
    """A model in memory.

    Attributes:
        names: the names of its classes, by id.
        run: takes uint8 RGB pictures `(N, 32, 32, 3)`, `N` from 1 to 256, and gives probabilities `(N, classes)`.
        rule: tells from its probabilities how likely a picture shows none of the classes; None where it has none.
    """

    names: tuple[str, ...]
    run: Callable[[Pixels], npt.NDArray[np.floating[Any]]]
    rule: no_sign.Rule | None


def load(model: models.Model, threads: int | None = None, *, shares: bool = False) -> Loaded:
    """Load a model by the engine that starts soonest.

    Args:
        model: where it is.
        threads: how many threads ONNX Runtime computes with; by default one a core.
        shares: whether other threads of the process work meanwhile, as those that read pictures do.

    Raises:
        ModelError: it is damaged, or a model of another kind.
    """
    onnx = model.onnx
    if onnx is not None:
        return by_onnx(model, onnx, threads, shares=shares)
    return by_tensorflow(model) if model.is_export else by_keras(model)


def by_onnx(model: models.Model, file: Path, threads: int | None = None, *, shares: bool = False) -> Loaded:
    """A model by its ONNX file, on ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    options.intra_op_num_threads = threads or cores
    # Threads that spin while they wait answer a picture alone a quarter sooner, and take the cores from all others. So
    # they stop at the end of a call, and do not begin where others work meanwhile.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.add_session_config_entry("session.intra_op.allow_spinning", "0" if shares else "1")
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=onnx_providers())
        [given], [made] = session.get_inputs(), session.get_outputs()
        channels, count = int(given.shape[3]), int(made.shape[1])
    except Exception as error:  # ONNX Runtime's exceptions have no base of their own
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{str(file)!r} cannot be loaded: {reason}. Export the model again") from error

    def run(images: Pixels) -> Any:
        return session.run([made.name], {given.name: preprocess(images, channels)})[0]

    told = session.get_modelmeta().custom_metadata_map.get(classes.METADATA, "")
    return Loaded(_names(model, count, told), run, _rule(model))


def onnx_providers() -> list[str]:
    """What ONNX Runtime computes on, the fastest first: a GPU where `onnxruntime-gpu` is installed, the CPU."""
    import onnxruntime

    return [each for each in _PROVIDERS if each in onnxruntime.get_available_providers()]


def by_keras(model: models.Model) -> Loaded:
    """A model by its `.keras` file, on the backend that is chosen."""
    from . import keras_file

    network = keras_file.load(model.path)
    from .networks import answers

    channels = answers.channels(network)

    def run(images: Pixels) -> Any:
        return answers.probabilities(network, preprocess(images, channels), batch_size=_BATCH)

    return Loaded(answers.classes(network).names, run, answers.no_sign(network))


def by_tensorflow(model: models.Model) -> Loaded:
    """An export by its SavedModel, on TensorFlow."""
    from . import backend

    tf = backend.require_tensorflow("An exported model without an ONNX file")
    try:
        loaded = tf.saved_model.load(str(model.path))
        signatures = list(loaded.signatures)
    except Exception as error:  # TensorFlow raises whatever the damage leads to
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{model.name!r} cannot be loaded as one of our exports: {reason}") from error
    if exported.PIXELS not in signatures:
        has = ", ".join(signatures) or "none"
        raise ModelError(
            f"{model.name!r} is no export of ours: expected the signature {exported.PIXELS}. It has: {has}"
        )
    signature = loaded.signatures[exported.PIXELS]
    outputs = signature.structured_outputs
    shape = tuple(outputs["probabilities"].shape) if "probabilities" in outputs else ()
    if len(shape) != 2 or shape[1] is None:
        has = ", ".join(sorted(outputs))
        raise ModelError(
            f"{model.name!r} is no export of ours: expected the output probabilities (N, classes). It has: {has}"
        )

    def run(images: Pixels) -> Any:
        return signature(images=images)["probabilities"].numpy()

    kept: Any = loaded  # its functions live as long as it does
    run.__dict__["model"] = kept
    return Loaded(_names(model, int(shape[1])), run, _rule(model))


def _names(model: models.Model, count: int, told: str = "") -> tuple[str, ...]:
    """The names that the model brings along, in its folder or in its ONNX file; else the numbers of its classes."""
    names = exported.class_names(model.path) if model.is_export else signs.NAMES if model.is_shipped else ()
    names = names or (classes.read(told).names if told else classes.numbered(count).names)
    if len(names) != count:
        raise ModelError(
            f"{model.name!r} tells {count} classes apart, and its list has {len(names)} names: its answers cannot be "
            "named. Export the model again"
        )
    return names


def _rule(model: models.Model) -> no_sign.Rule | None:
    """The rule for pictures without a sign that an export brings along."""
    file = model.path / exported.NO_SIGN
    if not model.is_export or not file.is_file():
        return None
    try:
        return no_sign.read(file.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{str(file)!r} is damaged: {error!r}. Export the model again") from error
