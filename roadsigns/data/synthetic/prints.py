"""How makers print one design: the inside larger or smaller, its lines thicker or thinner.

The outline stays as it is. Both come in a few steps, so that each print is made once.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from .designs import Design
from .distributions import Floats
from .render import render
from .svg import CANVAS

SIZE = 96
"""Height and width of a print, in pixels."""
STEP = 0.08
"""Swells are rounded to whole multiples of this."""
STROKES = (-1, 0, 1)
"""1 thickens dark lines and thins light ones, -1 the other way round, 0 leaves them."""
_DIRECTIONS = 72
# Lines grow on each side by this share of a pixel.
_LINE, _SHARE = 3, 0.45


@cache
def outline(design: Design) -> Floats:
    """The sign's farthest points in 72 directions, in units: float32 `(72, 2)`, x first."""
    along, points = _along(), _inside(design) + 0.5
    farthest = points[(points @ along).argmax(axis=0)] + along.T / 2
    return np.asarray(farthest * (CANVAS / SIZE), np.float32)


def _inside(design: Design) -> npt.NDArray[np.int64]:
    """The pixels of the sign, without a board around it: column and row, `(N, 2)`."""
    alpha = np.asarray(_drawn(design))[..., 3]
    left, top, right, bottom = (round(value * SIZE / CANVAS) for value in design.box)
    rows, columns = np.nonzero(alpha[top:bottom, left:right] > 127)
    return np.stack([columns + left, rows + top], axis=1)


def _along() -> Floats:
    """Unit vectors in all directions: `(2, 72)`."""
    angles = np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS)
    return np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


@cache
def _drawn(design: Design) -> Image.Image:
    return Image.fromarray(render(design, SIZE)).convert("RGBa")


def printed(design: Design, swell: int) -> tuple[Image.Image, ...]:
    """The prints of a design whose inside is `swell` steps larger than drawn.

    Args:
        design: what is printed.
        swell: how much larger the inside is, in steps of `STEP`: 1 makes the middle 8 % larger; negative, smaller.

    Returns:
        A print for each of `STROKES`: RGBa, 96x96, colours multiplied by alpha. They are made together since their
        pixels come from the same places.
    """
    pictures = _stroked(design)
    return _swell(pictures, design, swell * STEP) if swell else pictures


@cache
def _stroked(design: Design) -> tuple[Image.Image, ...]:
    """The design with each of `STROKES`."""
    return tuple(_restroke(_drawn(design), stroke) if stroke else _drawn(design) for stroke in STROKES)


def _restroke(picture: Image.Image, stroke: int) -> Image.Image:
    filters = ImageFilter.MinFilter(_LINE) if stroke > 0 else ImageFilter.MaxFilter(_LINE)
    red, green, blue, alpha = picture.split()
    opaque = alpha.filter(ImageFilter.MinFilter(_LINE)).point(lambda value: 255 * (value == 255))
    bands = [
        Image.composite(Image.blend(band, band.filter(filters), _SHARE), band, opaque) for band in (red, green, blue)
    ]
    return Image.merge("RGBa", [*bands, alpha])


def _swell(pictures: tuple[Image.Image, ...], design: Design, swell: float) -> tuple[Image.Image, ...]:
    """Stretch the middle by `swell` and the rest ever less towards the outline, which keeps straight edges straight."""
    depth, x, y, centre = _depths(design)
    factor = 1 - swell / (1 + swell) * np.clip(1 - depth**2, 0, 1)
    # Within a border of nothing that is one pixel wide, two at the right and below.
    columns, rows = (np.clip(place, 0, SIZE + 1) for place in (centre[0] + x * factor + 1, centre[1] + y * factor + 1))
    left, top = columns.astype(np.int64), rows.astype(np.int64)
    right, down = (columns - left).reshape(-1, 1), (rows - top).reshape(-1, 1)
    bands = np.concatenate([np.asarray(picture) for picture in pictures], axis=2)
    width = SIZE + 3
    pixels = np.pad(bands.astype(np.float32), ((1, 2), (1, 2), (0, 0))).reshape(width * width, -1)
    first = (top * width + left).ravel()
    upper, lower = (pixels[place] * (1 - right) + pixels[place + 1] * right for place in (first, first + width))
    made = np.rint(upper * (1 - down) + lower * down).astype(np.uint8).reshape(SIZE, SIZE, len(pictures), 4)
    return tuple(Image.frombytes("RGBa", (SIZE, SIZE), made[:, :, each].tobytes()) for each in range(len(pictures)))


@cache
def _depths(design: Design) -> tuple[Floats, Floats, Floats, Floats]:
    """Of each pixel its depth (0 in the middle, 1 at the outline) and its x and y from the middle; then the middle."""
    centre = _inside(design).mean(axis=0, dtype=np.float32)
    along, points = _along(), outline(design) * (SIZE / CANVAS) - np.float32(0.5)
    reach = ((points - centre) @ along).max(axis=0)
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    x, y = columns - centre[0], rows - centre[1]
    depth = np.zeros((SIZE, SIZE), np.float32)
    for (dx, dy), distance in zip(along.T, reach, strict=True):
        np.maximum(depth, (x * dx + y * dy) / distance, out=depth)
    return depth, x, y, centre
