"""A model as one file that other programs run: ONNX or LiteRT, from pixels to class probabilities.

Input `images`: uint8 RGB, `(N, 32, 32, 3)`, a picture shrunk as `preprocess.resize` does. Output `probabilities`:
float32, `(N, classes)`, calibrated, at keep probabilities of 1. What the network needs beside is inside: grey,
equalisation, scaling. A LiteRT file holds built-in operations alone, so that the plain interpreter runs it.

Source: TensorFlow's guides "Convert TensorFlow models" and "Post-training dynamic range quantization".
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import backend, console, onnx_file, preprocess
from .classes import METADATA
from .preprocess import Pixels

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

ENDINGS = {"onnx": ".onnx", "litert": ".tflite"}
"""The formats of one file, and how its name ends."""

Run = Callable[[Pixels], npt.NDArray[np.float32]]
"""Takes `images`, gives `probabilities`."""


@backend.own_settings()
def write(model: keras.Model, form: str, file: Path, *, int8: bool = False) -> None:
    """Write `model` to a file.

    Args:
        model: one of the project's, on the TensorFlow backend.
        form: one of `ENDINGS`.
        file: is overwritten.
        int8: for LiteRT, keep the weights in 8 bits, a quarter of the size. What flows between the layers stays
            float32: in 8 bits the places of a spatial transformer would be off by pixels.
    """
    if form == "onnx":
        from .networks import answers

        table = {METADATA: answers.classes(model).as_csv()}
        onnx_file.write(_answer(model, preprocess.graph_preprocess), [_images()], file, table, "probabilities")
    else:
        file.write_bytes(_litert(model, int8))


def read(file: Path) -> Run:
    """Run what `write` wrote, by ONNX Runtime or TensorFlow's interpreter."""
    if file.suffix == ENDINGS["onnx"]:
        import onnxruntime

        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        return lambda images: np.asarray(session.run(["probabilities"], {"images": images})[0])
    import tensorflow as tf

    with warnings.catch_warnings(action="ignore"):  # tf.lite goes into a package of its own one day
        interpreter = tf.lite.Interpreter(model_path=str(file))
    signature = interpreter.get_signature_runner()
    return lambda images: np.asarray(signature(images=images)["probabilities"])


def accuracy(file: Path, images: Pixels, labels: npt.NDArray[np.int64]) -> float:
    """The share of pictures that a file written by `write` names rightly."""
    run = read(file)
    batches = (images[start : start + 64] for start in range(0, len(images), 64))
    return float((np.concatenate([run(batch).argmax(axis=1) for batch in batches]) == labels).mean())


def _answer(model: keras.Model, prepare: Callable[[Any, int], Any]) -> Callable[[tf.Tensor], tf.Tensor]:
    import tensorflow as tf

    from .networks import answers

    def answer(images: tf.Tensor) -> Any:
        x, ones = prepare(images, answers.channels(model)), tf.ones([1])
        return answers.graph_probabilities(model, {"x": x, "keep_prob": ones, "keep_prob_conv": ones})

    return answer


def _litert(model: keras.Model, int8: bool) -> bytes:
    import tensorflow as tf

    def prepare(images: tf.Tensor, channels: int) -> tf.Tensor:
        # `graph_preprocess` counts in histograms, which are no built-in operation.
        return preprocess.device_preprocess(images) if channels == 1 else preprocess.graph_preprocess(images, channels)

    answer = _answer(model, prepare)
    function = tf.function(lambda images: {"probabilities": answer(images)}, [_images()], autograph=False)
    module = tf.Module()
    module.weights = [variable.value for variable in model.variables]
    module.answer = function
    with (
        tempfile.TemporaryDirectory() as folder,  # names of input and output come by way of a SavedModel alone
        console.quiet_logging("tensorflow", "absl"),
        warnings.catch_warnings(action="ignore"),
    ):
        tf.saved_model.save(module, folder, signatures={"serving_default": function})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if int8:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        made: bytes = converter.convert()
    return made


def _images() -> tf.TensorSpec:
    import tensorflow as tf

    return tf.TensorSpec((None, preprocess.SIZE, preprocess.SIZE, 3), tf.uint8, "images")
