"""Picture files to uint8 RGB pixels: PNG and JPEG, every kind of either, and nothing else.

`decode` uses Pillow; `graph_decode` is its twin in TensorFlow operations, which travels inside an exported model. They
agree in every bit: JPEG by the accurate integer DCT, CMYK converted to RGB, transparency dropped, of 16 bits the high
byte, of an animated PNG the first frame. A rotation noted in EXIF is ignored: the pixels are taken as they are stored.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import files, jpeg, png
from .errors import DataError

if TYPE_CHECKING:
    import tensorflow as tf

Pixels = npt.NDArray[np.uint8]

MAX_PIXELS = 2**26
"""Largest picture that is decoded, in pixels (67 million; 201 MB of RGB)."""

MAX_SIDE = 2**16 - 1
"""Longest side of a picture that is decoded, in pixels: no JPEG has a longer one."""

MAX_BYTES = 2**29
"""Largest file that is read: `MAX_PIXELS` of the eight bytes that a pixel has at most."""

PIXELS_PER_BYTE = 8 * 1032
"""Pixels that a byte of a file can hold: a PNG has eight of one bit in a byte, and packs 1,032 bytes into one."""

# What a file's first bytes say it is: format, place, bytes. The formats that are read come first.
_MAGIC = (
    ("PNG", 0, b"\x89PNG\r\n\x1a\n"),
    ("JPEG", 0, b"\xff\xd8\xff"),
    ("GIF", 0, b"GIF8"),
    ("BMP", 0, b"BM"),
    ("WebP", 8, b"WEBP"),
    ("TIFF", 0, b"II*\x00"),
    ("TIFF", 0, b"MM\x00*"),
    ("HEIC", 4, b"ftyphei"),
    ("HEIC", 4, b"ftypmif"),
    ("AVIF", 4, b"ftypavi"),
    ("JPEG XL", 0, b"\xff\x0a"),
    ("JPEG XL", 4, b"JXL "),
    ("JPEG 2000", 4, b"jP  "),
    ("ICO", 0, b"\x00\x00\x01\x00"),
    ("PPM", 0, b"P6"),
    ("PDF", 0, b"%PDF"),
    ("SVG", 0, b"<svg"),
    ("XML or SVG", 0, b"<?xml"),
)
_UNKNOWN = "unknown"

_HEAD = 32


def decode(data: bytes, name: str = "The picture") -> Pixels:
    """Decode the bytes of a PNG or JPEG file.

    Whatever the pixels do not depend on is left out before a decoder sees the file: texts, colour profiles, animations.

    Args:
        data: the whole file.
        name: what errors call it, as they are to print it.

    Returns:
        uint8 RGB, shape `(H, W, 3)`, values 0..255.

    Raises:
        DataError: another format (which is named), damaged or cut off, or larger than `MAX_PIXELS` or `MAX_SIDE`.
    """
    from PIL import Image

    form = next((form for form, at, magic in _MAGIC if data[at : at + len(magic)] == magic), _UNKNOWN)
    if form not in ("PNG", "JPEG"):
        raise DataError(f"{name} is a picture of {form} format: expected PNG or JPEG. Convert it first")
    check_size(*size(data, name), len(data), name)  # Pillow refuses the largest pictures in words of its own
    try:
        bare = png.bare(data) if form == "PNG" else jpeg.bare(data)
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(bare), formats=(form,)) as image:
            check_size(*image.size, len(data), name)
            if image.mode.startswith("I"):  # 16 bits of grey, which Pillow's conversion would cut off at 255
                return np.repeat((np.asarray(image) >> 8).astype(np.uint8)[..., np.newaxis], 3, axis=2)
            if image.mode == "CMYK":
                return _from_cmyk(np.asarray(image), is_adobe="adobe" in image.info)
            return np.array(image.convert("RGB"))
    except DataError:
        raise
    except Exception as error:  # Pillow raises whatever the damage leads to: OSError, SyntaxError, struct.error, ...
        reason = str(error).replace(repr(data), "")[:100] or type(error).__name__
        raise DataError(f"{name} is a damaged {form} file: {reason}. Save it again") from error


def check_size(width: int, height: int, file_bytes: int, name: str) -> None:
    """Refuse a picture that is too large, or larger than its file can hold, before it is decoded.

    Raises:
        DataError: it is.
    """
    if width * height > MAX_PIXELS:
        raise DataError(
            f"{name} has {width} x {height} pixels: expected at most {MAX_PIXELS:,} in all. Make it smaller"
        )
    if max(width, height) > MAX_SIDE:
        raise DataError(f"{name} has {width} x {height} pixels: expected at most {MAX_SIDE:,} a side. Make it smaller")
    if width * height > PIXELS_PER_BYTE * file_bytes:
        raise DataError(
            f"{name} is a damaged PNG or JPEG file: {file_bytes} bytes are too few for {width} x {height} pixels. "
            "Save it again"
        )


def size(data: bytes, name: str = "The picture") -> tuple[int, int]:
    """Width and height as the header of a PNG or JPEG file claims them, without decoding anything.

    `(0, 0)` where no header claims any: another format, or a file that every decoder refuses.

    Raises:
        DataError: the file has more chunks, segments or scans than any picture, each of which takes a while.
    """
    try:
        if data.startswith(png.START):
            return png.size(data)
        if data.startswith(b"\xff\xd8\xff"):
            return jpeg.size(data)
    except ValueError as error:
        raise DataError(f"{name} is a {error}. Save it again") from error
    return 0, 0


def _from_cmyk(ink: Pixels, *, is_adobe: bool) -> Pixels:
    """Four inks to RGB, rounded down as TensorFlow does.

    Pillow turns all inks round, for Adobe stores their complements and says so. In a file that does not say so they are
    as they are.
    """
    light = (255 - ink if is_adobe else ink).astype(np.uint16)
    return (light[..., :3] * light[..., 3:] // 255).astype(np.uint8)


def read(path: Path) -> Pixels:
    """`decode` for the file at `path`; OSError when it cannot be read."""
    return decode(files.read(path, MAX_BYTES), repr(str(path)))


def graph_decode(data: tf.Tensor) -> tf.Tensor:
    """`decode` in TensorFlow operations: a string scalar to uint8 `(H, W, 3)`, with InvalidArgumentError for DataError.

    The assertions name the format or the size that was refused.
    """
    import tensorflow as tf

    head = tf.strings.join([tf.strings.substr(data, 0, _HEAD), b"\0" * _HEAD])
    form = tf.constant(_UNKNOWN)
    for name, at, magic in reversed(_MAGIC):
        form = tf.where(tf.strings.substr(head, at, len(magic)) == magic, name, form)
    is_png = form == "PNG"
    known = tf.debugging.Assert(is_png | (form == "JPEG"), ["image_bytes: expected PNG or JPEG. Received:", form])
    with tf.control_dependencies([known]):
        size = tf.cond(is_png, lambda: _graph_png_size(head), lambda: tf.image.extract_jpeg_shape(data)[:2])
    pixels = tf.reduce_prod(tf.cast(size, tf.int64))
    fits = (pixels <= MAX_PIXELS) & (tf.reduce_max(size) <= MAX_SIDE)
    limits = f"image_bytes: expected at most {MAX_PIXELS} pixels, {MAX_SIDE} a side. Received height and width:"
    small = tf.debugging.Assert(fits, [limits, size])
    with tf.control_dependencies([small]):
        image = tf.cond(
            is_png,
            lambda: tf.io.decode_png(data, channels=3),
            lambda: tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE"),
        )
    return tf.ensure_shape(image, (None, None, 3))


def _graph_png_size(head: tf.Tensor) -> tf.Tensor:
    """Height and width from a PNG's first 24 bytes, int32 `(2,)`; both are below 2^31 in a valid file."""
    import tensorflow as tf

    numbers = tf.io.decode_raw(tf.strings.substr(head, 16, 8), tf.int32, little_endian=False)
    return numbers[::-1]
