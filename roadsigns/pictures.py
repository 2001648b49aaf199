"""Picture files to uint8 RGB pixels: PNG and JPEG, every kind of either, and nothing else.

`decode` uses Pillow; `graph_decode` is its twin in TensorFlow operations, which travels inside an exported model. They
agree in every bit: JPEG by the accurate integer DCT, CMYK converted to RGB, transparency dropped, of 16 bits the high
byte, of an animated PNG the first frame. A rotation noted in EXIF is ignored: the pixels are taken as they are stored.
"""

from __future__ import annotations

import io
import re
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import files
from .errors import DataError

if TYPE_CHECKING:
    import tensorflow as tf

Pixels = npt.NDArray[np.uint8]

MAX_PIXELS = 2**26
"""Largest picture that is decoded, in pixels (67 million; 201 MB of RGB)."""

MAX_BYTES = 2**29
"""Largest file that is read: `MAX_PIXELS` of the eight bytes that a pixel has at most."""

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

_PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"
# Bits of a sample and colour type: grey, colour, and both with alpha.
_PLAIN_KINDS = frozenset(bytes([8, colour]) for colour in (0, 2, 4, 6))
_REPEATED = frozenset((b"IDAT", b"tEXt", b"zTXt", b"iTXt"))

# A marker that has a length behind it, and the frame headers among them (SOF0 to SOF15).
_JPEG_MARKER = re.compile(rb"\xff([\x02-\xcf\xda-\xfe])", re.DOTALL)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS = 10_000
_HEAD = 32


def decode(data: bytes, name: str = "picture") -> Pixels:
    """Decode the bytes of a PNG or JPEG file.

    Args:
        data: the whole file.
        name: what errors call it.

    Returns:
        uint8 RGB, shape `(H, W, 3)`, values 0..255.

    Raises:
        DataError: another format (which is named), damaged or cut off, or more than `MAX_PIXELS`.
    """
    from PIL import Image

    form = next((form for form, at, magic in _MAGIC if data[at : at + len(magic)] == magic), _UNKNOWN)
    if form not in ("PNG", "JPEG"):
        raise DataError(f"{name!r} is a picture of {form} format: expected PNG or JPEG. Convert it first")
    try:
        _check_size(name, *size(data))  # Pillow refuses the largest pictures in words of its own
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=(form,)) as image:
            _check_size(name, *image.size)
            if image.mode.startswith("I"):  # 16 bits of grey, which Pillow's conversion would cut off at 255
                return np.repeat((np.asarray(image) >> 8).astype(np.uint8)[..., np.newaxis], 3, axis=2)
            return np.array(image.convert("RGB"))
    except DataError:
        raise
    except Exception as error:  # Pillow raises whatever the damage leads to: OSError, SyntaxError, struct.error, ...
        reason = str(error).replace(repr(data), "")[:100] or type(error).__name__
        raise DataError(f"{name!r} is a damaged {form} file: {reason}. Save it again") from error


def is_plain_png(data: bytes) -> bool:
    """Whether the bytes are a PNG file of the commonest kind, undamaged: both decoders take it, and give equal pixels.

    Grey or colour, with or without alpha, no palette, not interlaced; no chunk twice but for pixels and texts, each
    with its right checksum, nothing after the last.

    Source: the PNG specification (W3C), sections 5 and 11.
    """
    if not data.startswith(_PNG_START) or data[24:26] not in _PLAIN_KINDS or data[26:29] != b"\0\0\0":
        return False
    names = []
    at = 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4])
        if zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4]):
            return False
        names.append(data[at + 4 : at + 8])
        at = end + 4
    once = [name for name in names if name not in _REPEATED]
    return (
        at == len(data)
        and names[-1] == b"IEND"
        and b"IDAT" in names
        and len(set(once)) == len(once)
        and all(name[:1].islower() or name in (b"IHDR", b"IEND") for name in once)
    )


def _check_size(name: str, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise DataError(
            f"{name!r} has {width} x {height} pixels: expected at most {MAX_PIXELS:,} in all. Make it smaller"
        )


def size(data: bytes) -> tuple[int, int]:
    """Width and height as the header of a PNG or JPEG file claims them, without decoding anything.

    `(0, 0)` where no header claims any: another format, or a file that every decoder refuses.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg_size(data)
    return 0, 0


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """The size in the first frame header; only that may come so far back as `_MAX_SEGMENTS`, for each takes a while."""
    position = 2
    for _ in range(_MAX_SEGMENTS):
        marker = _JPEG_MARKER.search(data, position)
        if marker is None:
            return 0, 0
        position = marker.end()
        if marker[1][0] in _FRAMES:
            return int.from_bytes(data[position + 5 : position + 7]), int.from_bytes(data[position + 3 : position + 5])
        position += int.from_bytes(data[position : position + 2])
    raise DataError(f"A JPEG file has more than {_MAX_SEGMENTS} segments before its picture. Save it again")


def read(path: Path) -> Pixels:
    """`decode` for the file at `path`; OSError when it cannot be read."""
    return decode(files.read(path, MAX_BYTES), str(path))


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
    small = tf.debugging.Assert(
        pixels <= MAX_PIXELS, [f"image_bytes: expected at most {MAX_PIXELS} pixels. Received height and width:", size]
    )
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
