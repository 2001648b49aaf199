"""Any of the project's Keras models to a versioned SavedModel that TensorFlow Serving loads; `roadsigns export`.

A version holds three signatures, with the preprocessing inside the last two:

    serving_default  x, keep_prob, keep_prob_conv -> y
    predict_images   image_bytes                  -> probabilities, class_ids, class_names, scores
    predict_pixels   images                       -> the same

Source: TensorFlow's SavedModel guide; TensorFlow Serving's SavedModel warm-up guide for `assets.extra`.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import io
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import backend, pictures, preprocess, signs
from .cli import command, parse
from .config import ExportOptions
from .errors import ModelError, UsageError
from .files import beside

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

MODEL_NAME = "roadsigns_model"
"""The name that the exported model is served under."""

BEST = 5
"""How many classes `predict_images` and `predict_pixels` name."""


def export(model: keras.Model, output: Path, version: int | None = None) -> Path:
    """Write `model` as a version below `output`: beside its place first, so that nobody sees half of one.

    Args:
        model: a Keras model with the inputs of `networks.signature`, on the TensorFlow backend.
        output: folder of the versions, made if it is not there.
        version: the version's number; None takes the next free one, 1 in an empty folder.

    Returns:
        The version's folder.

    Raises:
        ModelError: the backend is not TensorFlow.
        UsageError: the version is there already.
        OSError: the folder cannot be written; a full disk too, which TensorFlow reports as an error of its own.
    """
    import keras
    import tensorflow as tf

    if keras.config.backend() != "tensorflow":
        raise ModelError("An export needs KERAS_BACKEND=tensorflow: other backends fix the rank of the inputs")
    module, signatures = _serving_module(model)
    while True:
        target = output / str(_next_version(output) if version is None else version)
        check_output(output, version)
        try:
            with beside(target) as fresh, _quiet_logging():
                try:
                    tf.saved_model.save(module, str(fresh), signatures=signatures)
                    _write_warmup(fresh / "assets.extra" / "tf_serving_warmup_requests")
                except tf.errors.OpError as error:
                    number = errno.ENOSPC if "No space left" in error.message else errno.EIO
                    raise OSError(number, os.strerror(number), str(fresh)) from error
            return target
        except OSError as error:
            # Somebody else took the number meanwhile: take the next, or say so if it was asked for.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not target.exists():
                raise


def export_apart(
    weights: Path, output: Path, version: int | None = None, say: Callable[[str], None] = print
) -> Path | None:
    """Export the `.keras` file `weights` whatever backend this process runs on.

    Under JAX a child process with the TensorFlow backend does it. Where TensorFlow is not installed, `say` tells how
    to export elsewhere.

    Returns:
        The version's folder; None where TensorFlow is not installed.

    Raises:
        ModelError: the child process failed; says why.
    """
    import keras

    if keras.config.backend() == "tensorflow":
        return export(keras.saving.load_model(weights), output, version)
    if not importlib.util.find_spec("tensorflow"):
        say(f"not exported: TensorFlow is not installed. Where it is: roadsigns export --model {weights}")
        return None
    arguments = ["--model", str(weights), "--output", str(output), "--json"]
    arguments += [] if version is None else ["--version", str(version)]
    child = subprocess.run(
        [sys.executable, "-m", "roadsigns.export", *arguments],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
    )
    if child.returncode:
        raise ModelError(f"The export failed: {child.stderr.strip()}. Try again: roadsigns export --model {weights}")
    return Path(json.loads(child.stdout)["exported"])


def check_output(output: Path, version: int | None) -> None:
    """Find out before the work whether a version can be written.

    Raises:
        UsageError: `version` is there already, or `output` is not a folder that can be written.
    """
    if version is not None and (output / str(version)).exists():
        raise UsageError(
            f"--version {version} is there already in {str(output)!r}. Move it away, or leave --version out "
            "for the next free number"
        )
    above = output
    while not above.exists() and above != above.parent:
        above = above.parent
    try:
        with tempfile.TemporaryFile(dir=above):
            return
    except OSError as error:
        raise UsageError(
            f"--output {str(output)!r} cannot be written: {str(above)!r} is not a writable folder ({error.strerror})"
        ) from error


def _next_version(output: Path) -> int:
    taken = [int(path.name) for path in output.glob("*") if path.name.isascii() and path.name.isdigit()]
    return max(taken, default=0) + 1


def _serving_module(model: keras.Model) -> tuple[tf.Module, dict[str, Any]]:
    """The object that is saved, and its functions by signature name."""
    import tensorflow as tf

    from . import networks

    module = tf.Module()
    module.weights = [variable.value for variable in model.variables]
    with resources.as_file(resources.files(__package__).joinpath("signnames.csv")) as path:
        module.names = tf.saved_model.Asset(str(path))

    def serve(x: tf.Tensor, keep_prob: tf.Tensor, keep_prob_conv: tf.Tensor) -> dict[str, tf.Tensor]:
        images = tf.shape(x)[0]
        keeps = {"keep_prob": tf.reshape(keep_prob, [-1]), "keep_prob_conv": tf.reshape(keep_prob_conv, [-1])}
        most = tf.reduce_max([tf.size(keep) for keep in keeps.values()])
        answers = tf.where(images == 1, tf.maximum(most, 1), images)
        for name, keep in keeps.items():
            fits = (tf.size(keep) == 1) | (tf.size(keep) == answers)
            message = f"Invalid shape of `{name}`: expected one number, or one for each answer. Received and answers:"
            with tf.control_dependencies([tf.debugging.Assert(fits, [message, tf.size(keep), answers])]):
                keeps[name] = tf.identity(keep)
        # An empty batch passes as one empty picture, since oneDNN's convolutions fail on none.
        x, *kept = (_pad_if_empty(tensor) for tensor in (x, *keeps.values()))
        repeated = tf.broadcast_to(x, [tf.maximum(answers, 1), preprocess.SIZE, preprocess.SIZE, 1])
        with networks.fresh_noise():
            scores = model({"x": repeated, **dict(zip(keeps, kept, strict=True))})
        return {"y": tf.nn.softmax(scores)[:answers]}

    small = tf.TensorSpec((preprocess.SIZE, preprocess.SIZE, 3), tf.uint8)

    # Once in the file, called by two. No AutoGraph here: it would read this package's source again, which may have
    # changed since a long training began.
    @tf.function(input_signature=[tf.TensorSpec((None, *small.shape), tf.uint8)], autograph=False)
    def name_classes(images: tf.Tensor) -> dict[str, tf.Tensor]:
        x = preprocess.graph_preprocess(images)
        probabilities = serve(x, tf.ones([1]), tf.ones([1]))["y"]
        scores, ids = tf.math.top_k(probabilities, BEST)
        names = tf.gather(tf.constant(signs.NAMES), ids)
        return {
            "probabilities": probabilities,
            "class_ids": tf.cast(ids, tf.int64),
            "class_names": names,
            "scores": scores,
        }

    def predict_images(image_bytes: tf.Tensor) -> Any:
        images = tf.map_fn(
            lambda data: preprocess.graph_resize(pictures.graph_decode(data)[tf.newaxis])[0],
            image_bytes,
            fn_output_signature=small,
        )
        return name_classes(images)

    def predict_pixels(images: tf.Tensor) -> Any:
        return name_classes(preprocess.graph_resize(images))

    inputs = {
        "serving_default": (
            serve,
            tf.TensorSpec((None, preprocess.SIZE, preprocess.SIZE, 1), tf.float32, "x"),
            tf.TensorSpec(None, tf.float32, "keep_prob"),
            tf.TensorSpec(None, tf.float32, "keep_prob_conv"),
        ),
        "predict_images": (predict_images, tf.TensorSpec((None,), tf.string, "image_bytes")),
        "predict_pixels": (predict_pixels, tf.TensorSpec((None, None, None, 3), tf.uint8, "images")),
    }
    functions = {
        name: tf.function(function, input_signature=specs, autograph=False)
        for name, (function, *specs) in inputs.items()
    }
    for name, function in functions.items():
        setattr(module, name, function)
    concrete = {name: function.get_concrete_function() for name, function in functions.items()}
    return module, concrete


def _pad_if_empty(tensor: tf.Tensor) -> tf.Tensor:
    """`tensor`, or one row of ones where its first axis is empty."""
    import tensorflow as tf

    missing = tf.cast(tf.shape(tensor)[0] == 0, tf.int32)
    return tf.pad(tensor, [[0, missing]] + [[0, 0]] * (tensor.shape.rank - 1), constant_values=1)


def _write_warmup(path: Path) -> None:
    """Requests that TensorFlow Serving runs before it offers the version: one for each signature."""
    import tensorflow as tf
    from PIL import Image
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    file = io.BytesIO()
    Image.new("RGB", (preprocess.SIZE, preprocess.SIZE), (128, 128, 128)).save(file, "PNG")
    grey = np.full((1, preprocess.SIZE, preprocess.SIZE, 3), 128, np.uint8)
    requests: dict[str, dict[str, Any]] = {
        "serving_default": {
            "x": preprocess.preprocess(grey),
            "keep_prob": np.ones(1, np.float32),
            "keep_prob_conv": np.ones(1, np.float32),
        },
        "predict_images": {"image_bytes": [file.getvalue()]},
        "predict_pixels": {"images": grey},
    }
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name = MODEL_NAME
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
            writer.write(log.SerializeToString())


@contextlib.contextmanager
def _quiet_logging() -> Iterator[None]:
    """Keep TensorFlow's remarks on saving off stderr."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@command("export")
def main(argv: Sequence[str] | None = None) -> None:
    """Write a SavedModel version of a `.keras` file or of the shipped weights."""
    options = parse(
        ExportOptions,
        argv,
        verb="export",
        about="Export a .keras file, or the weights that come with the package, for TensorFlow Serving.",
        examples=(
            "roadsigns export",
            "roadsigns export --model runs/2026-01-31T12-00-00-0/model.keras --output models/roadsigns --version 2",
        ),
    )
    from . import models

    path = models.check(options.model)
    check_output(options.output, options.version)
    os.environ["KERAS_BACKEND"] = "tensorflow"  # before TensorFlow is loaded, which loads Keras
    backend.require_tensorflow("An export")
    exported = export(models.load_keras(path), options.output, options.version)
    if options.json:
        print(json.dumps({"exported": str(exported)}))
    else:
        print(f"wrote {exported}: serve it as {MODEL_NAME}")


if __name__ == "__main__":
    sys.exit(main())
