"""Batch normalisation made part of the convolutions before it: the same answers with fewer operations, for exports."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

_FOLDABLE = (layers.Conv2D, layers.Dense)


def folded(model: keras.Model) -> keras.Model:
    """A copy of `model` whose batch normalisations are in the weights and biases of the layers before them.

    One is left as it is where no convolution or dense layer stands right before it, or where something else takes the
    same output. Pooling to the largest may lie between if no scale is negative. `model` is untouched.

    Source: Jacob et al., "Quantization and Training of Neural Networks", CVPR 2018, section 3.2.
    """
    scaled: dict[str, layers.BatchNormalization] = {}
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization) and (found := _before(layer)) is not None:
            scaled[found.name] = layer
    gone = {layer.name for layer in scaled.values()}

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name in gone:
            return layers.Identity(name=layer.name)
        return layer.__class__.from_config({**config, "use_bias": True} if layer.name in scaled else config)

    def call(layer: Any, *inputs: Any, **others: Any) -> Any:
        return inputs[0] if layer.name in gone else layer(*inputs, **others)

    copy = keras.models.clone_model(model, clone_function=clone, call_function=call)
    for layer in model.layers:
        if layer.name in scaled:
            scale, shift = _affine(scaled[layer.name])
            kernel, *bias = layer.get_weights()
            copy.get_layer(layer.name).set_weights([kernel * scale, (bias[0] if bias else 0) * scale + shift])
        elif layer.name not in gone and (weights := layer.get_weights()):
            copy.get_layer(layer.name).set_weights(weights)
    return copy


def _before(norm: layers.BatchNormalization) -> Any:
    """The layer whose weights can take the normalisation; None where there is none."""
    above = _producer(norm)
    if isinstance(above, layers.MaxPooling2D) and _feeds_one(above) and (_affine(norm)[0] >= 0).all():
        above = _producer(above)
    fits = isinstance(above, _FOLDABLE) and norm.axis in (-1, len(above.output.shape) - 1) and _feeds_one(above)
    return above if fits and above.activation is keras.activations.linear else None


def _producer(layer: Any) -> Any:
    return layer.input._keras_history.operation


def _feeds_one(layer: Any) -> bool:
    return len(layer._outbound_nodes) == 1


def _affine(norm: layers.BatchNormalization) -> tuple[Any, Any]:
    """Factor and summand of each channel, as the moving statistics have them."""
    mean, variance = np.asarray(norm.moving_mean), np.asarray(norm.moving_variance)
    scale = 1 / np.sqrt(variance + norm.epsilon)
    scale = scale * np.asarray(norm.gamma) if norm.scale else scale
    shift = np.asarray(norm.beta) if norm.center else np.zeros_like(mean)
    return scale.astype(np.float32), (shift - mean * scale).astype(np.float32)
