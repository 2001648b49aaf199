"""From a picture file to a sign of 32x32 pixels: turned upright, cut to its box, and resized."""

from __future__ import annotations

import numpy as np

from .. import photos
from ..errors import DataError
from ..resize import Pixels, resize, resize_bilinear
from .collection import Box

MARGIN = 0.1
LEAST_MARGIN = 5
"""The margin on each side of a box in the benchmark's pictures: a share of the box's length, and a least one."""


def sign(data: bytes, name: str, box: Box | None = None, *, published: bool = False) -> Pixels:
    """Read one sign.

    Args:
        data: the file, of any format that `photos.decode` reads.
        name: what messages call the picture.
        box: where the sign is in the picture as it is seen, after the turn that its EXIF asks for; it is cut out with
            the benchmark's margin. None takes the whole picture.
        published: resize as the benchmark's published pictures were; otherwise as `predict` does.

    Returns:
        uint8 RGB, shape `(32, 32, 3)`.

    Raises:
        DataError: the file is damaged or of another format, or the box is not in the picture.
    """
    pixels = photos.decode(data, name)
    if box is not None:
        pixels = cut(pixels, box, name)
    small: Pixels = (resize_bilinear if published else resize)(pixels[np.newaxis])[0]
    return small


def cut(pixels: Pixels, box: Box, name: str) -> Pixels:
    """The part of `pixels` in `box` with the benchmark's margin around it, as far as the picture goes."""
    height, width = pixels.shape[:2]
    x1, y1, x2, y2 = box
    if x1 >= x2 or y1 >= y2:
        raise DataError(f"{name}: the box {box} is empty or upside down; expected x1 < x2 and y1 < y2")
    if x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
        raise DataError(f"{name}: the box {box} lies outside of the picture of {width} x {height} pixels")
    across, down = (max(LEAST_MARGIN, round(MARGIN * length)) for length in (x2 - x1, y2 - y1))
    return pixels[max(y1 - down, 0) : y2 + down, max(x1 - across, 0) : x2 + across]
