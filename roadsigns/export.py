"""Any of the project's Keras models to a versioned SavedModel that TensorFlow Serving loads; `roadsigns export`.

Source: TensorFlow's SavedModel guide.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import agreement, backend, classes, console, exported, formats, graph
from .config import ExportOptions
from .errors import ModelError, UsageError
from .exported import MODELS
from .files import beside
from .verbs import EXPORT

if TYPE_CHECKING:
    import keras

    from . import models


@backend.own_settings()
def export(model: keras.Model, output: Path, version: int | None = None) -> Path:
    """Write `model` as a version below `output`: beside its place first, so that nobody sees half of one.

    Args:
        model: a Keras model with the inputs of `networks.answers.signature`, on the TensorFlow backend.
        output: folder of the versions, made if it is not there.
        version: the version's number; None takes the next free one, 1 in an empty folder.

    Returns:
        The version's folder.

    Raises:
        ModelError: the backend is not TensorFlow, or no server would answer rightly with this model.
        UsageError: the version is there already, or no number is free.
        OSError: the folder cannot be written; a full disk too, which TensorFlow reports as an error of its own.
    """
    import keras
    import tensorflow as tf

    from .networks import answers, folding, form

    if keras.config.backend() != "tensorflow":
        raise ModelError("An export needs KERAS_BACKEND=tensorflow: other backends fix the rank of the inputs")
    model = folding.folded(form.checked(model, "The model"))
    module, signatures = graph.serving_module(model)
    while True:
        target = output / str(_next_version(output) if version is None else version)
        check_output(output, version)
        try:
            with beside(target) as fresh, console.quiet_logging("tensorflow"):
                try:
                    tf.saved_model.save(module, str(fresh), signatures=signatures)
                    (fresh / exported.CLASS_NAMES).parent.mkdir(exist_ok=True)
                    (fresh / exported.CLASS_NAMES).write_text(answers.classes(model).as_csv(), encoding="utf-8")
                    graph.write_warmup(fresh / exported.WARMUP, answers.channels(model))
                    graph.write_onnx(model, fresh / exported.ONNX)
                    graph.write_dropping(model, fresh / exported.DROPPING)
                    rule = answers.no_sign(model)
                    if rule is not None:
                        (fresh / exported.NO_SIGN).write_text(rule.as_json(), encoding="utf-8")
                    agreement.write(fresh, graph.difference(signatures, fresh, answers.channels(model), rule))
                except tf.errors.OpError as error:
                    number = errno.ENOSPC if "No space left" in error.message else errno.EIO
                    raise OSError(number, os.strerror(number), str(fresh)) from error
            return target
        except OSError as error:
            # Somebody else took the number meanwhile: take the next, or say so if it was asked for.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not target.exists():
                raise


@backend.own_settings()
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
    arguments = [f"--model={weights}", f"--output={output}", "--json", "--quiet"]  # a path may begin with a dash
    arguments += [] if version is None else [f"--version={version}"]
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
        UnicodeEncodeError: `output` is no UTF-8, which is all that TensorFlow takes.
    """
    str(output).encode()
    if version is not None and (output / str(version)).exists():
        raise UsageError(
            f"--version {version} is there already in {str(output)!r}. Give another number, or none for "
            "the next free one"
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
    """The number after the highest version's, and after whatever else bears the number, such as a file."""
    taken = exported.versions(output) if output.is_dir() else {}
    number = max(taken, default=0) + 1
    while os.path.lexists(output / str(number)):
        number += 1
    if number > exported.MOST_VERSION:
        raise UsageError(f"There is no next free number in {str(output)!r} after {number - 1}. Give a --version")
    return number


@EXPORT.command
def main(options: ExportOptions) -> None:
    """Write a SavedModel version of a `.keras` file or of the shipped weights."""
    from . import models

    if options.quantize is not None and options.format != "litert":
        raise UsageError(f"--quantize is for --format litert. Received: --format {options.format}")
    file = None if options.format == "savedmodel" else _file(options)
    model = models.find(options.model)
    if not options.quiet:
        models.tell(model, options.json)
    if file is not None:
        _write_file(model, file, options)
        return
    if model.is_export:
        written = _already_there(model.path, options)
        done = f"nothing written: {written} is an export already. To add shipped weights, name them with --model"
    else:
        check_output(options.output, options.version)
        written = _write(model.path, options)
        done = f"wrote {written}: serve it as {exported.MODEL_NAME}"
    if options.json:
        print(json.dumps({"exported": str(written)}))
    elif not options.quiet:
        print(done)


def _already_there(version: Path, options: ExportOptions) -> Path:
    """The version itself where it is what was asked for: the newest in a folder that needs no other.

    Raises:
        UsageError: it is asked for in another place, or under another number.
    """
    if options.model is None and options.version is None and options.output.resolve() == version.parent.resolve():
        return version
    number = options.version if options.version is not None else version.name
    raise UsageError(
        f"{str(version)!r} is an export already, of which no other is made. Copy it: "
        f"{shlex.join(['cp', '-r', str(version), str(options.output / str(number))])}. Or name a run, a .keras file "
        "or shipped weights with --model"
    )


def _write(weights: Path, options: ExportOptions) -> Path:
    return export(_loaded(weights), options.output, options.version)


def _loaded(weights: Path) -> keras.Model:
    """The model of a `.keras` file, on TensorFlow."""
    from . import keras_file

    os.environ["KERAS_BACKEND"] = "tensorflow"  # before TensorFlow is loaded, which loads Keras
    backend.require_tensorflow("An export")
    return keras_file.load(weights)


def _file(options: ExportOptions) -> Path:
    """Where a format of one file goes.

    Raises:
        UsageError: something is there already, the name ends otherwise, or the folder cannot be written.
    """
    ending = formats.ENDINGS[options.format]
    file = options.output
    if file == MODELS:
        file = MODELS.with_suffix(ending)
    elif file.is_dir():
        file = file / f"{MODELS.name}{ending}"
    if options.version is not None:
        raise UsageError(f"--version is for --format savedmodel. Leave it out for {str(file)!r}")
    if file.suffix != ending:
        raise UsageError(f"--output {str(file)!r} is no name for --format {options.format}: expected one with {ending}")
    if os.path.lexists(file):
        raise UsageError(f"--output {str(file)!r} is there already. Give another name, or take it away first")
    check_output(file.parent, None)
    return file


def _write_file(model: models.Model, file: Path, options: ExportOptions) -> None:
    """Write `file`, and tell of it."""
    if model.is_export:
        raise UsageError(
            f"{str(model.path)!r} is an export, of which no other format is made. Name the run, the .keras file or the "
            "shipped weights that it comes from with --model"
        )
    valid = None
    if options.quantize is not None:
        from . import data

        dataset = data.load(options.data, options.data_dir, count=options.count, designs=options.designs)
        valid = dataset.split("valid")
    network = _loaded(model.path)
    from .networks import answers, folding, form

    network = folding.folded(form.checked(network, "The model"))
    if valid is not None:
        ids = np.array(classes.places(dataset.classes, answers.classes(network).names))[valid.labels]
        if ids.min() < 0:
            raise UsageError(
                f"--data {options.data} shows {dataset.classes.some()}, and {model.name} tells other classes apart "
                f"({answers.classes(network).some()}). Name the data that it was trained on"
            )
    told: dict[str, object] = {"exported": str(file), "bytes": 0}
    with beside(file) as fresh:
        formats.write(network, options.format, fresh, int8=options.quantize is not None)
        if valid is not None:
            with tempfile.TemporaryDirectory() as folder:
                plain = Path(folder) / fresh.name
                formats.write(network, options.format, plain)
                for name, each in (("accuracy", fresh), ("accuracy_float32", plain)):
                    told[name] = formats.accuracy(each, valid.images, ids)
    told["bytes"] = file.stat().st_size
    if options.json:
        print(json.dumps(told))
    elif not options.quiet:
        print(f"wrote {file}: {told['bytes']:,} bytes, images uint8 (N, 32, 32, 3) to probabilities")
    if valid is not None and not options.json and not options.quiet:
        print(
            f"accuracy on {len(valid.labels):,} validation pictures of {options.data}: {told['accuracy']:.2%}, "
            f"{told['accuracy_float32']:.2%} in float32"
        )


if __name__ == "__main__":
    sys.exit(main())
