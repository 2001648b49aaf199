"""uint8 RGB pictures to the network's `x`: the only room that knows the steps, whoever needs them.

The steps are the seed notebook's: grey, local histogram equalisation, division by 255. Training takes the NumPy
functions; `graph_*` are their twins in TensorFlow operations, which travel inside an exported model. Twins agree with
each other, and with OpenCV and scikit-image as the notebook called them, in every bit.

Equalisation replaces a pixel of value g by `floor(255 * count(v <= g) / population)`, counted over the pixels within
`RADIUS` of it. On a 32x32 picture that disk leaves out only few pixels, so both twins take the cumulative histogram of
the whole picture and subtract the pixels *beyond* the disk.

Source: OpenCV 5.0 `cvtColor` (RGB2GRAY) and `resize` (INTER_LINEAR); scikit-image `filters.rank.equalize` with the
footprint `morphology.disk(30)`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import tensorflow as tf

Pixels = npt.NDArray[np.uint8]

SIZE = 32
"""Height and width of the network's pictures, in pixels."""

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
# Fraction bits of a bilinear weight.
_WEIGHT = 1 << 11


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
    _check(images, "images", ("N", SIZE, SIZE, 3))
    seen = images if channels == 3 else equalize(grey(images))[..., np.newaxis]
    return np.divide(seen, np.float32(255), dtype=np.float32)


def grey(images: Pixels) -> Pixels:
    """Weigh red, green and blue into one grey value: shape `(..., 3)` to `(...)`, both uint8.

    Raises:
        TypeError: `images` is not a NumPy array of uint8.
        ValueError: the last axis is not of length 3.
    """
    _check(images, "images", (..., 3))
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
    _check(images, "images", ("N", SIZE, SIZE))
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


def resize(images: Pixels) -> Pixels:
    """Resize pictures to 32x32 by bilinear interpolation between the four nearest pixels, without antialiasing.

    Integer arithmetic as in OpenCV's INTER_LINEAR, so that the result is the same everywhere.

    Args:
        images: uint8, shape `(N, H, W, 3)`, `H` and `W` at least 1.

    Returns:
        uint8, shape `(N, 32, 32, 3)`. A new array.

    Raises:
        TypeError: `images` is not a NumPy array of uint8.
        ValueError: `images` does not have the shape above.
    """
    _check(images, "images", ("N", "H", "W", 3))
    height, width = images.shape[1:3]
    if not height or not width:
        raise ValueError(f"`images` must have at least one pixel. Received: shape {images.shape}")
    if height == width == SIZE:
        return images.copy()  # what the arithmetic below gives, without its memory
    top, bottom, weights_y = _taps(height)
    left, right, weights_x = _taps(width)
    rows = images[:, np.concatenate([top, bottom])].astype(np.int32)
    a, b = weights_x[:, :, np.newaxis]
    rows = (rows[:, :, left] * a + rows[:, :, right] * b) >> 4
    a, b = weights_y[:, :, np.newaxis, np.newaxis]
    return np.asarray((((rows[:, :SIZE] * a) >> 16) + ((rows[:, SIZE:] * b) >> 16) + 2) >> 2, np.uint8)


def graph_preprocess(images: tf.Tensor, channels: int = 1) -> tf.Tensor:
    """`preprocess` in TensorFlow operations: uint8 `(N, 32, 32, 3)` to float32 `(N, 32, 32, channels)`."""
    import tensorflow as tf

    seen = images if channels == 3 else graph_equalize(graph_grey(images))[..., tf.newaxis]
    return tf.gather(LEVELS, tf.cast(seen, tf.int32))


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


def graph_resize(image: tf.Tensor) -> tf.Tensor:
    """`resize` in TensorFlow operations: uint8 `(N, H, W, 3)`, sizes known at run time, to uint8 `(N, 32, 32, 3)`."""
    import tensorflow as tf

    size = tf.shape(image)
    top, bottom, weights_y = _graph_taps(size[1])
    left, right, weights_x = _graph_taps(size[2])
    rows = []
    for index in (top, bottom):
        picture = tf.cast(tf.gather(image, index, axis=1), tf.int32)
        a, b = tf.unstack(weights_x[:, :, tf.newaxis])
        rows.append(_shift(tf.gather(picture, left, axis=2) * a + tf.gather(picture, right, axis=2) * b, 4))
    a, b = tf.unstack(weights_y[:, :, tf.newaxis, tf.newaxis])
    return tf.cast(_shift(_shift(rows[0] * a, 16) + _shift(rows[1] * b, 16) + 2, 2), tf.uint8)


def _check(images: Any, name: str, shape: tuple[Any, ...]) -> None:
    """TypeError unless `images` is an array of uint8, ValueError unless of `shape`: numbers fixed, words free."""
    wanted = "(" + ", ".join("..." if size is ... else str(size) for size in shape) + ")"
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        received = (
            f"{images.dtype} of shape {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
        )
        raise TypeError(
            f"`{name}` must be a NumPy array of uint8 pixels (0..255), shape {wanted}. Received: {received}"
        )
    sizes = images.shape[-len(shape) + 1 :] if shape[0] is ... else images.shape
    expected = shape[1:] if shape[0] is ... else shape
    if len(sizes) != len(expected) or any(
        isinstance(want, int) and want != size for want, size in zip(expected, sizes, strict=True)
    ):
        raise ValueError(f"`{name}` must have shape {wanted}. Received: shape {images.shape}")


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


@lru_cache(maxsize=512)
def _taps(length: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """For each of the 32 places along an axis of `length` pixels: the pixels before and after, and their weights."""
    place = ((np.arange(SIZE) + 0.5) * (length / SIZE) - 0.5).astype(np.float32)
    before = np.floor(place)
    weights = np.rint(np.stack([1 - (place - before), place - before]) * _WEIGHT).astype(np.int32)
    index = before.astype(np.int64)
    return index.clip(0, length - 1), (index + 1).clip(0, length - 1), weights


def _graph_taps(length: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """`_taps` in TensorFlow operations."""
    import tensorflow as tf

    place = tf.cast((np.arange(SIZE) + 0.5) * (tf.cast(length, tf.float64) / SIZE) - 0.5, tf.float32)
    before = tf.floor(place)
    weights = tf.cast(tf.round(tf.stack([1 - (place - before), place - before]) * _WEIGHT), tf.int32)
    index = tf.cast(before, tf.int32)
    return tf.clip_by_value(index, 0, length - 1), tf.clip_by_value(index + 1, 0, length - 1), weights


def _shift(numbers: tf.Tensor, bits: int) -> tf.Tensor:
    import tensorflow as tf

    return tf.bitwise.right_shift(numbers, bits)
