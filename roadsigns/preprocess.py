"""uint8 RGB pictures to the network's `x`: the only room that knows the steps, whoever needs them.

The steps are the seed notebook's: grey, local histogram equalisation, division by 255. Training takes the NumPy
functions; `graph_*` are their twins in TensorFlow operations, which travel inside an exported model. Twins agree with
each other, and with OpenCV and scikit-image as the notebook called them, in every bit.

Equalisation replaces a pixel of value g by `floor(255 * count(v <= g) / population)`, counted over the pixels within
`RADIUS` of it. On a 32x32 picture that disk leaves out only few pixels, so both twins take the cumulative histogram of
the whole picture and subtract the pixels *beyond* the disk.

Source: OpenCV 5.0 `cvtColor` (RGB2GRAY); scikit-image `filters.rank.equalize` with the
footprint `morphology.disk(30)`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .resize import SIZE as SIZE
from .resize import Pixels as Pixels
from .resize import check_pixels
from .resize import graph_resize as graph_resize
from .resize import resize as resize

if TYPE_CHECKING:
    import tensorflow as tf

RADIUS = 30
"""Radius of the equalisation's disk, in pixels."""

LEVELS = (np.arange(256) / 255).astype(np.float32)
"""The network's value for each of the 256 grey levels."""

# Red, green and blue in a grey pixel, in 1/32768; they add up to one.
_RED, _GREEN, _BLUE = 9798, 19235, 3735
# Pictures are equalised this many at a time: enough to hide NumPy's cost per call, few enough for the cache.
_BLOCK = 2048
# Up to so many are faster one by one.
_FEW = 32


def preprocess(images: Pixels, channels: int = 1) -> npt.NDArray[np.float32]:
    """Turn pictures into a network's input, each on its own.

    Args:
        images: uint8 RGB, shape `(N, 32, 32, 3)`, values 0..255. `N` may be 0.
        channels: 1 for the equalised grey picture that the notebook's network sees, 3 for the colours as they are.

    Returns:
        float32, shape `(N, 32, 32, channels)`, values in [0, 1]. A new array; `images` is untouched.

    Raises:
        TypeError: `images` is not a NumPy array of uint8.
        ValueError: `images` does not have the shape above.
    """
    check_pixels(images, ("N", SIZE, SIZE, 3))
    seen = images if channels == 3 else equalize(grey(images))[..., np.newaxis]
    return np.divide(seen, np.float32(255), dtype=np.float32)


def grey(images: Pixels) -> Pixels:
    """Weigh red, green and blue into one grey value: shape `(..., 3)` to `(...)`, both uint8.

    Raises:
        TypeError: `images` is not a NumPy array of uint8.
        ValueError: the last axis is not of length 3.
    """
    check_pixels(images, (..., 3))
    total = images[..., 0].astype(np.uint32)
    total *= _RED
    for channel, weight in ((1, _GREEN), (2, _BLUE)):
        part = images[..., channel].astype(np.uint32)
        part *= weight
        total += part
    total += 1 << 14
    total >>= 15
    return total.astype(np.uint8)


def equalize(images: Pixels) -> Pixels:
    """Equalise each grey picture's histogram within the disk around each pixel.

    Args:
        images: uint8, shape `(N, 32, 32)`. `N` may be 0.

    Returns:
        uint8, shape `(N, 32, 32)`. A new array.

    Raises:
        TypeError: `images` is not a NumPy array of uint8.
        ValueError: `images` does not have the shape above.
    """
    check_pixels(images, ("N", SIZE, SIZE))
    result = np.empty((len(images), SIZE * SIZE), np.uint8)
    for start in range(0, len(images), _BLOCK):
        block = np.ascontiguousarray(images[start : start + _BLOCK]).reshape(-1, SIZE * SIZE)
        count = _cumulative(block)
        count -= _beyond(block) if len(block) > _FEW else _beyond_few(block)
        # Far from the next whole number where it is none (1/1024 at least), so a float's rounding cannot cross one.
        count += np.float32(1 / 4096)
        count *= _SCALE
        result[start : start + _BLOCK] = count
    return result.reshape(images.shape)


def graph_preprocess(images: tf.Tensor, channels: int = 1) -> tf.Tensor:
    """`preprocess` in TensorFlow operations: uint8 `(N, 32, 32, 3)` to float32 `(N, 32, 32, channels)`."""
    import tensorflow as tf

    seen = images if channels == 3 else graph_equalize(graph_grey(images))[..., tf.newaxis]
    return tf.gather(LEVELS, tf.cast(seen, tf.int32))


def device_preprocess(images: Any) -> Any:
    """`preprocess` to one channel in `keras.ops`, for accelerators: it compares every two pixels of a picture.

    Args:
        images: RGB in whole numbers 0..255 of any dtype, shape `(N, 32, 32, 3)`.

    Returns:
        float32, shape `(N, 32, 32, 1)`.
    """
    from keras import ops

    total = ops.sum(ops.cast(images, "int32") * np.array([_RED, _GREEN, _BLUE], np.int32), axis=-1)
    value = ops.reshape((total + (1 << 14)) // (1 << 15), (-1, SIZE * SIZE))
    within = ~_outside()
    smaller = ops.logical_and(value[:, None, :] <= value[:, :, None], within)
    count = ops.sum(ops.cast(smaller, "int32"), axis=-1)
    equalized = 255 * count // within.sum(axis=1, dtype=np.int32)
    return ops.reshape(ops.take(ops.convert_to_tensor(LEVELS), equalized, axis=0), (-1, SIZE, SIZE, 1))


def graph_grey(images: tf.Tensor) -> tf.Tensor:
    """`grey` in TensorFlow operations: uint8 `(..., 3)` to uint8 `(...)`."""
    import tensorflow as tf

    total = tf.reduce_sum(tf.cast(images, tf.int32) * [_RED, _GREEN, _BLUE], axis=-1)
    return tf.cast(tf.bitwise.right_shift(total + (1 << 14), 15), tf.uint8)


def graph_equalize(images: tf.Tensor) -> tf.Tensor:
    """`equalize` in TensorFlow operations: uint8 `(N, 32, 32)` to uint8 `(N, 32, 32)`."""
    import tensorflow as tf

    values = tf.cast(tf.reshape(images, [-1, SIZE * SIZE]), tf.int32)
    histogram = tf.math.bincount(values, minlength=256, maxlength=256, axis=-1)
    count = tf.gather(tf.cumsum(histogram, axis=1), values, batch_dims=1)
    # One row a pixel: gathering rows and adding up segments of them is fast where picking columns is not.
    outside = _outside()
    pixel, other = np.nonzero(outside)
    pixel, other = pixel.astype(np.int32), other.astype(np.int32)
    rows = tf.cast(tf.transpose(values), tf.uint8)
    smaller = tf.cast(tf.gather(rows, other) <= tf.gather(rows, pixel), tf.int32)
    beyond = tf.math.segment_sum(smaller, pixel)
    equalized = 255 * (count - tf.transpose(beyond)) // (SIZE * SIZE - outside.sum(axis=1, dtype=np.int32))
    return tf.reshape(tf.cast(equalized, tf.uint8), tf.shape(images))


def _outside() -> npt.NDArray[np.bool_]:
    """Whether pixel q lies beyond the disk around pixel p: shape `(1024, 1024)`, p first, in row order."""
    row, column = np.divmod(np.arange(SIZE * SIZE), SIZE)
    return np.asarray((row[:, None] - row) ** 2 + (column[:, None] - column) ** 2 > RADIUS**2)


_SCALE = (255 / (SIZE * SIZE - _outside().sum(axis=1))).astype(np.float32)


def _cumulative(pixels: Pixels) -> npt.NDArray[np.float32]:
    """How many pixels of its picture are at most as bright as each pixel: `(N, 1024)` to `(N, 1024)`."""
    level = pixels + 256 * np.arange(len(pixels))[:, np.newaxis]
    histogram = np.bincount(level.ravel(), minlength=256 * len(pixels)).reshape(-1, 256)
    return np.asarray(histogram.cumsum(axis=1, dtype=np.float32).ravel()[level])


@cache
def _offsets() -> list[tuple[Any, Any]]:
    """The blocks of pixels that lie beyond each other's disk: one pair of slices for each offset and its opposite."""
    far = [
        (down, right)
        for down in range(SIZE)
        for right in range(-SIZE + 1, SIZE)
        if down**2 + right**2 > RADIUS**2 and (down > 0 or right > 0)
    ]
    return [
        (
            np.s_[: SIZE - down, max(-right, 0) : SIZE - max(right, 0)],
            np.s_[down:, max(right, 0) : SIZE - max(-right, 0)],
        )
        for down, right in far
    ]


def _beyond(pixels: Pixels) -> npt.NDArray[np.uint16]:
    """How many pixels beyond the disk are at most as bright as each pixel: `(N, 1024)` to `(N, 1024)`.

    Pictures go last, so that each step is a comparison of long runs of bytes. Bytes also hold the counts, which can
    reach 288: they are emptied halfway.
    """
    value = np.ascontiguousarray(pixels.T).reshape(SIZE, SIZE, -1)
    count = np.zeros(value.shape, np.uint8)
    total = np.zeros(value.shape, np.uint16)
    offsets = _offsets()
    for half in (offsets[::2], offsets[1::2]):
        for here, there in half:
            one, other = value[here], value[there]
            count[here] += (other <= one).view(np.uint8)
            count[there] += (one <= other).view(np.uint8)
        total += count
        count[...] = 0
    return total.reshape(SIZE * SIZE, -1).T


@cache
def _pairs() -> tuple[Any, Any, Any, Any]:
    """Every pixel with each one beyond its disk, the latter in order of the former.

    Returns:
        Those that have any; how many; where in the list they begin; the list of the others.
    """
    pixel, other = np.nonzero(_outside())
    pixels, starts, counts = np.unique(pixel, return_index=True, return_counts=True)
    return pixels, counts, starts, other


def _beyond_few(pixels: Pixels) -> npt.NDArray[np.uint16]:
    """`_beyond` one picture after the other: a fiftieth of its time for one, more than it for a hundred."""
    pixel, counts, starts, other = _pairs()
    total = np.zeros(pixels.shape, np.uint16)
    for row, value in zip(total, pixels, strict=True):
        smaller = value[other] <= np.repeat(value[pixel], counts)
        row[pixel] = np.add.reduceat(smaller.view(np.uint8), starts, dtype=np.uint16)
    return total
