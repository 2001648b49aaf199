"""Straightening: each picture seen where a map of its own says, by bilinear sampling, on every backend."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="roadsigns")
class AffineWarp(layers.Layer):
    """Samples each picture where an affine map of its own says, bilinearly, with the edge repeated beyond it.

    Places are in [-1, 1], from the centre of the first pixel to that of the last. Row `(a, b, c)` then `(d, e, f)` of a
    map takes the place `(u, v)` of an output pixel to `(a u + b v + c, d u + e v + f)` of the input; u runs along the
    width. Everything is computed in float32 and by gathering, which every backend, and ONNX, has.

    Input: pictures, shape `(N, H, W, C)`, and maps, shape `(N, 6)`.
    Output: shape `(N, H, W, C)`.

    Source: Jaderberg et al., "Spatial transformer networks", NeurIPS 2015.
    """

    def call(self, inputs: Any) -> Any:
        pictures, maps = inputs
        height, width, channels = pictures.shape[1:]
        u, v = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        places = np.stack([u.ravel(), v.ravel(), np.ones(u.size)]).astype(np.float32)  # (3, H W)
        maps = ops.reshape(ops.cast(maps, "float32"), (-1, 2, 3))
        # A sum, not a matrix product: products may be rounded to bfloat16 in training, places must not be.
        found = ops.sum(maps[:, :, :, None] * places, axis=2)  # (N, 2, H W)
        return ops.reshape(
            sample(pictures, (found[:, 0] + 1) * ((width - 1) / 2), (found[:, 1] + 1) * ((height - 1) / 2)),
            (-1, height, width, channels),
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]


def sample(pictures: Any, x: Any, y: Any) -> Any:
    """Pictures at given places, bilinearly, with the edge repeated beyond it.

    Args:
        pictures: float32, shape `(N, H, W, C)`.
        x: float32, shape `(N, P)`: places along the width in pixels, 0 the centre of the first.
        y: float32, shape `(N, P)`: places along the height.

    Returns:
        float32, shape `(N, P, C)`.
    """
    height, width, channels = pictures.shape[1:]
    count = ops.shape(pictures)[0]
    rows = ops.reshape(pictures, (-1, channels))
    x, y = ops.clip(x, 0, width - 1), ops.clip(y, 0, height - 1)
    left, top = ops.floor(x), ops.floor(y)
    right_share, low_share = (x - left)[..., None], (y - top)[..., None]
    left, top = ops.cast(left, "int32"), ops.cast(top, "int32")
    right, low = ops.minimum(left + 1, width - 1), ops.minimum(top + 1, height - 1)
    first = ops.arange(count, dtype="int32")[:, None] * (height * width)

    def at(row: Any, column: Any) -> Any:
        return ops.take(rows, first + row * width + column, axis=0)

    above = at(top, left) * (1 - right_share) + at(top, right) * right_share
    below = at(low, left) * (1 - right_share) + at(low, right) * right_share
    return above * (1 - low_share) + below * low_share
