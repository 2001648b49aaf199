"""Layers in forms that an accelerator computes faster, while a compiled epoch is traced.

The model itself does not change: its weights and, up to rounding, its answers stay. Measured on one H100 with the
notebook's network, a step in bfloat16: XLA's window reduction takes a ninth of it forwards and the same backwards, and
cuDNN's convolution of one or three channels, which fill no tensor core, another tenth.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from ..networks.layers import BatchNormalization, KeepProbDropout

_PRODUCTS = (
    *(keras.layers.Conv2D, keras.layers.Dense, keras.layers.ReLU, keras.layers.MaxPooling2D),
    *(BatchNormalization, KeepProbDropout),
)
_FEW = 4  # channels that a convolution does not fill a tensor core with
_ALIGNED = 8  # numbers of bfloat16 that one load takes


@contextlib.contextmanager
def lowered(model: keras.Model, precision: str) -> Iterator[None]:
    """Within, `model` is traced in forms for accelerators.

    Args:
        model: one of `networks`.
        precision: `bfloat16` multiplies in it, with weights, sums and moving statistics in float32; or `float32`.
    """
    with contextlib.ExitStack() as undone:
        for layer in model.layers:
            if precision == "bfloat16" and isinstance(layer, _PRODUCTS):
                undone.callback(setattr, layer, "dtype_policy", layer.dtype_policy)
                layer.dtype_policy = "mixed_bfloat16"
            call = _form(layer)
            if call is not None:
                undone.callback(setattr, layer, "call", layer.call)
                layer.call = call
        yield


def _form(layer: keras.Layer) -> Any:
    """Another `call` for `layer`; None where its own is as fast."""
    if isinstance(layer, keras.layers.MaxPooling2D):
        plain = layer.pool_size == layer.strides == (2, 2) and layer.padding == "valid"
        return _largest_of_four if plain and not any(side % 2 for side in layer.input.shape[1:3]) else None
    if isinstance(layer, keras.layers.Conv2D) and layer.input.shape[3] <= _FEW:
        plain = layer.strides == layer.dilation_rate == (1, 1) and layer.padding == "same" and layer.groups == 1
        return functools.partial(_by_patches, layer) if plain else None
    return None


def _largest_of_four(x: Any) -> Any:
    """Max-pooling by two: comparisons of whole arrays, which a compiler joins with what stands beside them.

    Of equal pixels each gets its share of the slope, where a window reduction gives all of it to the first.
    """
    _, height, width, channels = x.shape
    x = ops.reshape(x, (-1, height // 2, 2, width // 2, 2, channels))
    upper, lower = (ops.maximum(x[:, :, row, :, 0], x[:, :, row, :, 1]) for row in (0, 1))
    return ops.maximum(upper, lower)


def _by_patches(layer: keras.layers.Conv2D, x: Any) -> Any:
    """A convolution of few channels as one matrix product: each pixel's surroundings times the kernel."""
    high, wide = layer.kernel_size
    _, height, width, channels = x.shape
    before = (high - 1) // 2, (wide - 1) // 2
    after = high - 1 - before[0], wide - 1 - before[1]
    x = ops.pad(x, ((0, 0), (before[0], after[0]), (before[1], after[1]), (0, 0)))
    shifted = [x[:, row : row + height, column : column + width] for row in range(high) for column in range(wide)]
    missing = -high * wide * channels % _ALIGNED
    if missing:
        shifted.append(ops.zeros((*shifted[0].shape[:3], missing), x.dtype))
    kernel = ops.pad(ops.reshape(ops.convert_to_tensor(layer.kernel), (-1, layer.filters)), ((0, missing), (0, 0)))
    y = ops.matmul(ops.concatenate(shifted, axis=3), ops.cast(kernel, x.dtype))
    if layer.use_bias:
        y = y + ops.cast(layer.bias, y.dtype)
    return layer.activation(y)
