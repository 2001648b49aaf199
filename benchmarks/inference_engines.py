"""The ways from pictures to probabilities that are measured: Keras, compiled JAX, and the exported forms."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from roadsigns import keras_file, machine, models
from roadsigns.networks import answers

Engine = tuple[str, Callable[[np.ndarray], np.ndarray]]
"""A title, and a function from uint8 pictures as the network sees them to probabilities, both in the host's memory."""


def engines(network: str) -> Iterator[Engine | tuple[str, str]]:
    """Each engine, or its title and why it is absent, made when it is asked for.

    Args:
        network: whose shipped weights they have.
    """
    import keras

    model = keras_file.load(models.shipped(network))
    yield "Keras, predict_on_batch", lambda images: _probabilities(model.predict_on_batch(_fed(images)))
    if keras.config.backend() == "jax":
        yield from _compiled(model, network)
    yield from _onnxruntime(network)
    if not importlib.util.find_spec("tensorflow"):
        yield "SavedModel", "TensorFlow is not installed"
        yield "LiteRT", "TensorFlow is not installed"
    elif keras.config.backend() != "tensorflow":
        yield "SavedModel", "exports are made with KERAS_BACKEND=tensorflow"
        yield "LiteRT", "exports are made with KERAS_BACKEND=tensorflow"
    else:
        yield from _exported(model, network)


def _fed(images: np.ndarray) -> dict[str, np.ndarray]:
    ones = np.ones(len(images), np.float32)
    return {"x": _x(images), "keep_prob": ones, "keep_prob_conv": ones}


def _x(images: np.ndarray) -> np.ndarray:
    return np.divide(images, np.float32(255), dtype=np.float32)


def _probabilities(scores: Any) -> np.ndarray:
    scores = np.asarray(scores)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _compiled(model: Any, network: str) -> Iterator[Engine]:
    """JAX, compiled for each batch length when it is first seen; the pictures travel as bytes."""
    from compiled_epoch import forward
    from form import Form

    for precision in ("float32",) + ("bfloat16",) * (machine.accelerator() is not None):
        made: dict[int, Callable[[Any], Any]] = {}

        def run(images: np.ndarray, precision: str = precision, made: dict[int, Any] = made) -> np.ndarray:
            if len(images) not in made:
                made[len(images)] = forward(model, Form(network, len(images), precision), images)
            return np.asarray(made[len(images)](images))

        yield f"compiled JAX, {precision}", run


def _onnxruntime(network: str) -> Iterator[Engine | tuple[str, str]]:
    """The shipped ONNX file, on the CPU."""
    title = "ONNX Runtime, CPU"
    path = models.shipped(network).with_suffix(".onnx")
    if not importlib.util.find_spec("onnxruntime"):
        yield title, "onnxruntime is not installed"
        return
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    yield title, lambda images: np.asarray(session.run(["y"], {"x": _x(images)})[0])


def _exported(model: Any, network: str) -> Iterator[Engine | tuple[str, str]]:
    import tensorflow as tf

    from roadsigns import export

    with tempfile.TemporaryDirectory() as folder:
        serve = tf.saved_model.load(str(export.export(model, Path(folder)))).signatures["serving_default"]
        one = tf.constant([1.0])
        yield (
            "SavedModel, serving_default",
            lambda images: serve(x=tf.constant(_x(images)), keep_prob=one, keep_prob_conv=one)["y"].numpy(),
        )
    yield from _litert(model)


def _litert(model: Any) -> Iterator[Engine | tuple[str, str]]:
    """The network at keep probability 1, on as many threads as there are cores."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec(model.input["x"].shape, tf.float32)], autograph=False)
    def answer(x: Any) -> Any:
        return answers.graph_probabilities(model, {"x": x, "keep_prob": tf.ones([1]), "keep_prob_conv": tf.ones([1])})

    try:
        converter = tf.lite.TFLiteConverter.from_concrete_functions([answer.get_concrete_function()], model)
        interpreter = tf.lite.Interpreter(model_content=converter.convert(), num_threads=os.cpu_count())
    except Exception as error:
        yield "LiteRT", f"cannot be converted: {' '.join(str(error).split())[:200]}"
        return
    [given], [made] = interpreter.get_input_details(), interpreter.get_output_details()

    def run(images: np.ndarray) -> np.ndarray:
        if interpreter.get_input_details()[0]["shape"][0] != len(images):
            interpreter.resize_tensor_input(given["index"], images.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(given["index"], _x(images))
        interpreter.invoke()
        return interpreter.get_tensor(made["index"])

    yield "LiteRT", run
