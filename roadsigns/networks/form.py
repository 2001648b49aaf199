"""The form that a Keras model must have to be taken for one of ours: what it is fed, and that it scores the signs."""

from __future__ import annotations

from typing import Any

import keras

from ..classes import MOST
from ..errors import ModelError
from ..preprocess import SIZE

INPUTS = ("x", "keep_prob", "keep_prob_conv")


def checked(model: Any, name: str) -> keras.Model:
    """`model` as every verb can take it; the same weights with inputs by name where it had them in a list.

    Args:
        model: what Keras loaded.
        name: what errors call it.

    Raises:
        ModelError: it is fed or answers otherwise; says what differs.
    """
    while isinstance(model, keras.Sequential) and len(model.layers) == 1 and isinstance(model.layers[0], keras.Model):
        model = model.layers[0]
    inputs = getattr(model, "input", None) if getattr(model, "built", False) else None
    if isinstance(inputs, list) and {each.name for each in inputs} == set(INPUTS):
        model = keras.Model({each.name: each for each in inputs}, model.output)
        inputs = model.input
    if not isinstance(inputs, dict) or set(inputs) != set(INPUTS):
        has = ", ".join(sorted(each.name for each in getattr(model, "inputs", None) or ())) or "none that are named"
        raise ModelError(f"{name} is another model: expected the inputs {', '.join(INPUTS)}. It has: {has}")
    x, y = inputs["x"], model.output
    if tuple(x.shape) not in ((None, SIZE, SIZE, 1), (None, SIZE, SIZE, 3)) or x.dtype != "float32":
        raise ModelError(
            f"{name} has another x: expected float32 (None, {SIZE}, {SIZE}, 1) or (None, {SIZE}, {SIZE}, 3). "
            f"Received: {x.dtype} {tuple(x.shape)}"
        )
    if not isinstance(y, keras.KerasTensor) or len(y.shape) != 2:
        received = tuple(y.shape) if isinstance(y, keras.KerasTensor) else type(y).__name__
        raise ModelError(
            f"{name} has another output: expected one score a class, (None, classes). Received: {received}"
        )
    if not y.shape[1] or not 2 <= y.shape[1] <= MOST:
        raise ModelError(f"{name} tells {y.shape[1]} classes apart: expected 2 to {MOST:,}")
    if y.dtype != "float32":
        raise ModelError(f"{name} gives {y.dtype}: expected float32. Build its last layer with dtype='float32'")
    others = sorted({weight.dtype for weight in model.weights if "float" in weight.dtype} - {"float32"})
    if others:
        raise ModelError(f"{name} has weights of {', '.join(others)}: expected float32. Build it with dtype='float32'")
    if _ends_in_softmax(y):
        raise ModelError(f"{name} gives probabilities: expected raw scores. Take the softmax off its last layer")
    return model


def _ends_in_softmax(output: Any) -> bool:
    last = output._keras_history.operation
    return isinstance(last, keras.layers.Softmax) or getattr(last, "activation", None) is keras.activations.softmax
