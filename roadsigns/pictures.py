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
from collections.abc import Iterator
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

_PNG = b"\x89PNG\r\n\x1a\n"
_PALETTE = 3  # the colour type
_MAX_CHUNKS = 100_000

# A marker that has a length behind it, and the frame headers among them (SOF0 to SOF15).
_JPEG_MARKER = re.compile(rb"\xff([\x02-\xcf\xda-\xfe])", re.DOTALL)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS = 10_000
# Segments that pixels depend on: frames and tables, and of the applications' JFIF and Adobe, which tell the colours.
_JPEG_KEPT = frozenset(range(0xC0, 0xE0)) | {0xE0, 0xEE}
_START_OF_SCAN = b"\xff\xda"
_MAX_SCANS = 100
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
    from PIL import Image, ImageChops

    form = next((form for form, at, magic in _MAGIC if data[at : at + len(magic)] == magic), _UNKNOWN)
    if form not in ("PNG", "JPEG"):
        raise DataError(f"{name} is a picture of {form} format: expected PNG or JPEG. Convert it first")
    check_size(*size(data, name), len(data), name)  # Pillow refuses the largest pictures in words of its own
    try:
        bare = _bare_png(data) if form == "PNG" else _bare_jpeg(data)
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(bare), formats=(form,)) as image:
            check_size(*image.size, len(data), name)
            if image.mode.startswith("I"):  # 16 bits of grey, which Pillow's conversion would cut off at 255
                return np.repeat((np.asarray(image) >> 8).astype(np.uint8)[..., np.newaxis], 3, axis=2)
            if image.mode == "CMYK" and "adobe" not in image.info:  # Pillow turns all CMYK round, as Adobe stores it
                return np.array(ImageChops.invert(image).convert("RGB"))
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
    if data.startswith(_PNG) and data[12:16] == b"IHDR":
        if len(data) > 12 * _MAX_CHUNKS and sum(1 for _ in _chunks(data)) > _MAX_CHUNKS:
            raise DataError(f"{name} is a PNG file of more than {_MAX_CHUNKS} chunks. Save it again")
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data.startswith(b"\xff\xd8\xff"):
        if data.count(_START_OF_SCAN) > _MAX_SCANS:
            raise DataError(f"{name} is a JPEG file of more than {_MAX_SCANS} scans. Save it again")
        return _jpeg_size(data, name)
    return 0, 0


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and end of each chunk of a PNG file, its checksum included, as far as they are whole.

    Source: the PNG specification (W3C), section 5.
    """
    at = len(_PNG)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if end > len(data):
            return
        yield data[at + 4 : at + 8], at, end
        at = end


def _bare_png(data: bytes) -> bytes:
    """A PNG file's header, palette and pixels: the chunks that no decoder may leave out, in their order.

    Raises:
        DataError: they are damaged, or not as the specification has them. What every decoder skips may be damaged.

    Source: the PNG specification (W3C), sections 5 and 11.
    """
    kept: list[bytes] = []
    names: list[bytes] = []
    before = b""
    for name, at, end in _chunks(data):
        if name[:1].isupper():
            if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
                raise ValueError(f"wrong checksum of {name!r}")
            if name == b"IDAT" and before != name and name in names:
                raise ValueError("pixels in several places")
            if name not in (b"IHDR", b"PLTE", b"IDAT", b"IEND") or (name != b"IDAT" and name in names):
                raise ValueError(f"unexpected {name!r}")
            names.append(name)
            kept.append(_whole_palette(data[at:end]) if name == b"PLTE" else data[at:end])
        before = name
        if name == b"IEND":
            break
    if before != b"IEND" or names[0] != b"IHDR" or b"IDAT" not in names:
        raise ValueError("cut off")
    if len(kept[0]) != 25 or kept[0][18:20] != b"\0\0":
        raise ValueError("unknown kind of header")
    if b"PLTE" in names:
        place = names.index(b"PLTE")
        if kept[0][17] != _PALETTE:
            del kept[place]
        elif place > 1:
            raise ValueError("palette behind the pixels")
    elif kept[0][17] == _PALETTE:
        raise ValueError("no palette")
    return b"".join([_PNG, *kept])


def _whole_palette(chunk: bytes) -> bytes:
    """A palette with black for the colours that it leaves out, which decoders take for different ones."""
    body = b"PLTE" + chunk[8:-4].ljust(3 * 256, b"\0")[: 3 * 256]
    return (3 * 256).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, place and end of each segment of a JPEG file, as far as they are whole; the place is that of the 0xff."""
    position = 2
    while marker := _JPEG_MARKER.search(data, position):
        position = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
        yield marker[1][0], marker.start(), position


def _bare_jpeg(data: bytes) -> bytes:
    """A JPEG file without the segments that tell nothing of its pixels, in front of the first scan."""
    kept = [data[:2]]
    for marker, at, end in _segments(data):
        if marker == _START_OF_SCAN[1]:
            return b"".join([*kept, data[at:]])
        if marker in _JPEG_KEPT:
            kept.append(data[at:end])
    raise ValueError("cut off")


def _jpeg_size(data: bytes, name: str) -> tuple[int, int]:
    """The size in the first frame header; only that may come so far back as `_MAX_SEGMENTS`, for each takes a while."""
    for count, (marker, at, _) in enumerate(_segments(data)):
        if count == _MAX_SEGMENTS:
            raise DataError(
                f"{name} is a JPEG file of more than {_MAX_SEGMENTS} segments before its picture. Save it again"
            )
        if marker in _FRAMES:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
    return 0, 0


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
