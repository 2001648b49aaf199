"""People's picture files to uint8 RGB pixels: every format that Pillow reads safely, turned upright as EXIF says.

The model server takes PNG and JPEG alone and leaves every picture as it is stored (`pictures`). Here these two have the
same pixels as there, turned upright.

Source: the EXIF 2.32 specification, tag 0x0112 (Orientation).
"""

from __future__ import annotations

import functools
import importlib.util
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import files, pictures
from .errors import DataError
from .pictures import MAX_BYTES, MAX_PIXELS, MAX_SIDE, Pixels

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "HEIF")
"""Pillow's names; AVIF and HEIF (which HEIC is) where Pillow, or a plug-in, can read them."""

ENDINGS = frozenset(
    (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".avif", ".heic", ".heif")
)
"""Endings, in small letters, by which the pictures of a folder are known."""

_NAMES = "PNG, JPEG, WebP, BMP, GIF, TIFF, PPM or PGM, AVIF or HEIC with Pillow's plug-ins"
_SERVED = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_ORIENTATION = 0x0112
# Without one of these no PNG or JPEG file can say that it lies on its side: chunks of EXIF and of text, segment APP1.
_MAY_TURN = (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"\xff\xe1")
# How the stored pixels become upright: the axes changed first, then those that are mirrored.
_UPRIGHT = {2: (False, (1,)), 3: (False, (0, 1)), 4: (False, (0,)), 5: (True, ()), 6: (True, (1,))}
_UPRIGHT |= {7: (True, (0, 1)), 8: (True, (0,))}


def read(path: str | Path) -> Pixels:
    """`decode` for the file at `path`.

    Raises:
        DataError: as for `decode`.
        OSError: it cannot be read, or holds more than `MAX_BYTES`.
    """
    return decode(files.read(Path(path), MAX_BYTES), repr(str(path)))


def decode(data: bytes, name: str = "The picture") -> Pixels:
    """Decode the bytes of a picture file, upright; of several frames the first.

    Args:
        data: the whole file.
        name: what errors call it.

    Returns:
        uint8 RGB, shape `(H, W, 3)`, values 0..255.

    Raises:
        DataError: another format, damaged, or larger than `MAX_PIXELS` or `MAX_SIDE`.
    """
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise DataError(f"{name} is empty: expected a picture file")
    as_served = data.startswith(_SERVED)
    formats = ("PNG", "JPEG") if as_served else _available()
    try:
        pixels = pictures.decode(data, name) if as_served else None
        if pixels is not None and not any(mark in data for mark in _MAY_TURN):
            return pixels
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=formats) as image:
            _check_size(name, image)
            return upright(to_rgb(image) if pixels is None else pixels, _orientation(image))
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"{name} has too many pixels: expected at most {MAX_PIXELS:,}. Make it smaller") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{name} is no picture, or of another format: expected {_NAMES}") from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises whatever the damage leads to: OSError, SyntaxError, struct.error, ...
        reason = str(error).replace(repr(data), "")[:100] or type(error).__name__
        raise DataError(f"{name} is a damaged picture file: {reason}. Save it again") from error


def from_image(image: Image.Image) -> Pixels:
    """The upright pixels of a picture that Pillow holds, uint8 RGB `(H, W, 3)`."""
    _check_size("The picture", image)
    return upright(to_rgb(image), _orientation(image))


def to_rgb(image: Image.Image) -> Pixels:
    """uint8 RGB of a Pillow picture: of 16 bits the high byte, transparency dropped."""
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow's conversion would cut off at 255
        return np.repeat((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)
    return np.array(image.convert("RGB"))


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn stored pixels as EXIF's `orientation`, 1..8, says; any other number leaves them as they are."""
    turned, mirrored = _UPRIGHT.get(orientation, (False, ()))
    return np.ascontiguousarray(np.flip(pixels.swapaxes(0, 1) if turned else pixels, mirrored))


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
        return value if isinstance(value, int) else 1
    except Exception:  # EXIF of any damage; the picture itself may be whole
        return 1


def _check_size(name: str, image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise DataError(
            f"{name} has {width} x {height} pixels: expected at most {MAX_PIXELS:,} in all. Make it smaller"
        )
    if max(width, height) > MAX_SIDE:
        raise DataError(f"{name} has {width} x {height} pixels: expected at most {MAX_SIDE:,} a side. Make it smaller")


@functools.cache
def _available() -> tuple[str, ...]:
    """Those of `FORMATS` that this Pillow reads; HEIC where the plug-in `pillow-heif` is installed."""
    from PIL import Image

    Image.init()
    if "HEIF" not in Image.OPEN and importlib.util.find_spec("pillow_heif"):
        importlib.import_module("pillow_heif").register_heif_opener()
    return tuple(form for form in FORMATS if form in Image.OPEN)
