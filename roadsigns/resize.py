"""Pictures of any size to the network's 32x32 pixels: two ways, each in NumPy and in TensorFlow operations.

`resize` is for pictures that a person or a client has. `resize_bilinear` is how the benchmark's pictures were made.
Twins agree with each other in every bit.

Source: OpenCV 5.0 `resize`, INTER_LINEAR for `resize_bilinear`; INTER_AREA is close to `resize`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import tensorflow as tf

Pixels = npt.NDArray[np.uint8]

SIZE = 32
"""Height and width of the network's pictures, in pixels."""

# Fraction bits of a bilinear weight.
_WEIGHT = 1 << 11
# Pixels that are resized at a time, or rows of one picture: some megabytes.
_ROOM = 1 << 20


def resize(images: Pixels) -> Pixels:
    """Resize pictures to 32x32: a larger one shrinks to the mean over areas, a smaller one grows by interpolation.

    Along an axis of more than 32 pixels each new pixel is the mean over a thirty-second of the axis; a pixel that is
    in two of them counts in parts. A picture of at most 32x32 pixels is resized by `resize_bilinear`. Where only one
    axis is shorter, that axis grows by the same weights. The sums are exact and rounded once, so that the result is the
    same everywhere.

    Args:
        images: uint8, shape `(N, H, W, 3)`, `H` and `W` at least 1.

    Returns:
        uint8, shape `(N, 32, 32, 3)`. A new array.

    Raises:
        TypeError: `images` is not a NumPy array of uint8.
        ValueError: `images` does not have the shape above.
    """
    height, width = _sizes(images)
    if height <= SIZE and width <= SIZE:
        return resize_bilinear(images)
    result = np.empty((len(images), SIZE, SIZE, 3), np.uint8)
    whole = _whole(height) * _whole(width)
    long, short = (1, 2) if height > width else (2, 1)  # in this order what lies between is small
    step, piece = max(1, _ROOM // (height * width)), max(1, _ROOM // max(height, width))
    for start in range(0, len(images), step):
        block = images[start : start + step]
        pieces = np.split(block, range(piece, block.shape[short], piece), short)
        rows = np.concatenate([_sums(each, long, np.int32) for each in pieces], short)
        total = _sums(rows, short, np.int64)
        result[start : start + step] = (2 * total + whole) // (2 * whole)
    return result


def resize_bilinear(images: Pixels) -> Pixels:
    """Resize pictures to 32x32 by interpolation between the four nearest pixels, without antialiasing.

    That is how the benchmark's pictures were made. Integer arithmetic as in OpenCV's INTER_LINEAR, so that the result
    is the same everywhere. Arguments, result and errors are those of `resize`.
    """
    height, width = _sizes(images)
    if height == width == SIZE:
        return images.copy()  # what the arithmetic below gives, without its memory
    top, bottom, weights_y = _taps(height)
    left, right, weights_x = _taps(width)
    result = np.empty((len(images), SIZE, SIZE, 3), np.uint8)
    step = max(1, _ROOM // (SIZE * width))
    for start in range(0, len(images), step):
        rows = images[start : start + step, np.concatenate([top, bottom])].astype(np.int32)
        a, b = weights_x[:, :, np.newaxis]
        rows = (rows[:, :, left] * a + rows[:, :, right] * b) >> 4
        a, b = weights_y[:, :, np.newaxis, np.newaxis]
        result[start : start + step] = (((rows[:, :SIZE] * a) >> 16) + ((rows[:, SIZE:] * b) >> 16) + 2) >> 2
    return result


def graph_resize(images: tf.Tensor) -> tf.Tensor:
    """`resize` in TensorFlow operations: uint8 `(N, H, W, 3)`, sizes known at run time, to uint8 `(N, 32, 32, 3)`.

    InvalidArgumentError where there is no pixel.
    """
    import tensorflow as tf

    count, height, width = tf.unstack(tf.shape(images)[:3])
    some = tf.debugging.Assert((height > 0) & (width > 0), ["Pictures have no pixels. Received:", tf.shape(images)])
    with tf.control_dependencies([some]):
        small = (height <= SIZE) & (width <= SIZE)
    together = tf.cast(count, tf.int64) * tf.cast(width, tf.int64) <= _ROOM // SIZE

    def one(image: tf.Tensor) -> tf.Tensor:
        return _graph_shrink(image[tf.newaxis])[0]

    return tf.cond(
        small,
        lambda: graph_resize_bilinear(images),
        lambda: tf.cond(
            together,
            lambda: _graph_shrink(images),
            lambda: tf.ensure_shape(tf.map_fn(one, images, parallel_iterations=1), (None, SIZE, SIZE, 3)),
        ),
    )


def graph_resize_bilinear(images: tf.Tensor) -> tf.Tensor:
    """`resize_bilinear` in TensorFlow operations."""
    import tensorflow as tf

    size = tf.shape(images)
    top, bottom, weights_y = _graph_taps(size[1])
    left, right, weights_x = _graph_taps(size[2])
    rows = []
    for index in (top, bottom):
        picture = tf.cast(tf.gather(images, index, axis=1), tf.int32)
        a, b = tf.unstack(weights_x[:, :, tf.newaxis])
        rows.append(_shift(tf.gather(picture, left, axis=2) * a + tf.gather(picture, right, axis=2) * b, 4))
    a, b = tf.unstack(weights_y[:, :, tf.newaxis, tf.newaxis])
    return tf.cast(_shift(_shift(rows[0] * a, 16) + _shift(rows[1] * b, 16) + 2, 2), tf.uint8)


def _graph_shrink(images: tf.Tensor) -> tf.Tensor:
    """`resize` where an axis is longer than 32 pixels. Every number is whole, and small enough for its type."""
    import tensorflow as tf

    count, height, width = tf.unstack(tf.shape(images)[:3])
    weights = tf.cast(_graph_weights(height), tf.float32)
    step = tf.maximum(_ROOM // tf.maximum(count * width, 1), 1)

    def add(start: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = images[:, start : start + step]
        flat = tf.reshape(tf.cast(rows, tf.float32), [count, tf.shape(rows)[1], width * 3])
        return start + step, total + tf.matmul(weights[:, start : start + step], flat)

    empty = tf.zeros([count, SIZE, width * 3], tf.float32)
    _, rows = tf.while_loop(lambda start, _: start < height, add, [0, empty], parallel_iterations=1)
    wide = tf.cast(tf.reshape(rows, [count, SIZE, width, 3]), tf.float64)
    total = tf.matmul(_graph_weights(width), wide)
    whole = tf.cast(_graph_whole(height), tf.float64) * tf.cast(_graph_whole(width), tf.float64)
    return tf.cast(tf.floor((2 * total + whole) / (2 * whole)), tf.uint8)


def check_pixels(images: Any, shape: tuple[Any, ...]) -> None:
    """TypeError unless `images` is an array of uint8, ValueError unless of `shape`: numbers fixed, words free."""
    wanted = "(" + ", ".join("..." if size is ... else str(size) for size in shape) + ")"
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        received = (
            f"{images.dtype} of shape {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
        )
        raise TypeError(
            f"`images` must be a NumPy array of uint8 pixels (0..255), shape {wanted}. Received: {received}"
        )
    sizes = images.shape[-len(shape) + 1 :] if shape[0] is ... else images.shape
    expected = shape[1:] if shape[0] is ... else shape
    if len(sizes) != len(expected) or any(
        isinstance(want, int) and want != size for want, size in zip(expected, sizes, strict=True)
    ):
        raise ValueError(f"`images` must have shape {wanted}. Received: shape {images.shape}")


def _sizes(images: Any) -> tuple[int, int]:
    """Height and width of pictures that can be resized."""
    check_pixels(images, ("N", "H", "W", 3))
    height, width = images.shape[1:3]
    if not height or not width:
        raise ValueError(f"`images` must have at least one pixel. Received: shape {images.shape}")
    return height, width


def _whole(length: int) -> int:
    """What the weights of a new pixel add up to, along an axis of `length` pixels."""
    return length if length >= SIZE else _WEIGHT


def _sums(images: npt.NDArray[Any], axis: int, dtype: type[np.signedinteger[Any]]) -> npt.NDArray[Any]:
    """The pixels of each of the 32 places along an axis, times their weights, added up."""
    length = images.shape[axis]
    sizes = [1] * images.ndim
    sizes[axis] = SIZE
    if length < SIZE:
        before, after, weights = _taps(length)
        a, b = weights.astype(dtype).reshape(2, *sizes)
        return np.asarray(images.take(before, axis) * a + images.take(after, axis) * b)
    # Place i begins at pixel i * length / 32; `part` thirty-seconds of that pixel belong to the place before.
    first, part = np.divmod(np.arange(SIZE + 1) * length, SIZE)
    sums: npt.NDArray[Any] = np.add.reduceat(images, first[:-1], axis, dtype)
    sums *= SIZE
    sums -= images.take(first[:-1], axis) * part[:-1].astype(dtype).reshape(sizes)
    sums += images.take(first[1:].clip(max=length - 1), axis) * part[1:].astype(dtype).reshape(sizes)
    return sums


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


def _graph_whole(length: tf.Tensor) -> tf.Tensor:
    """`_whole` in TensorFlow operations."""
    import tensorflow as tf

    return tf.where(length >= SIZE, length, _WEIGHT)


def _graph_weights(length: tf.Tensor) -> tf.Tensor:
    """The weight of each pixel along an axis for each of the 32 places: whole numbers, float64 `(32, length)`."""
    import tensorflow as tf

    place, pixel = tf.range(SIZE)[:, tf.newaxis], tf.range(length)
    inside = tf.minimum(SIZE * (pixel + 1), length * (place + 1)) - tf.maximum(SIZE * pixel, length * place)
    before, after, weights = _graph_taps(length)
    a, b = tf.unstack(weights)
    near = tf.where(pixel == before[:, tf.newaxis], a[:, tf.newaxis], 0)
    near += tf.where(pixel == after[:, tf.newaxis], b[:, tf.newaxis], 0)
    return tf.cast(tf.where(length >= SIZE, tf.maximum(inside, 0), near), tf.float64)


def _shift(numbers: tf.Tensor, bits: int) -> tf.Tensor:
    import tensorflow as tf

    return tf.bitwise.right_shift(numbers, bits)
