"""What the camera films: the designs as ready pixels in several sizes, and clouds of noise."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image

from .designs import Design
from .distributions import Floats
from .prints import STROKES, printed
from .svg import CANVAS

SIZES = (96, 68, 48, 34, 24, 17)
"""Sizes that a print is kept in, in pixels: so close that the next larger one hardly aliases."""
_EMPTY = 2
TILE = 256
"""Height and width of a tile of noise, in pixels."""
SLOPES = (0.5, 0.8, 1.2, 2.0)
"""How fast amplitude falls with frequency in each tile: from leaves to clouds."""


@cache
def _levels(design: Design, swell: int) -> tuple[tuple[Image.Image, ...], ...]:
    """For each of `STROKES` a print in all `SIZES`, colours multiplied by alpha, with an empty border of two pixels."""
    return tuple(
        tuple(_bordered(whole.resize((size, size), Image.Resampling.BOX)) for size in SIZES)
        for whole in printed(design, swell)
    )


def _bordered(picture: Image.Image) -> Image.Image:
    wide = Image.new("RGBa", (picture.width + 2 * _EMPTY, picture.height + 2 * _EMPTY))
    wide.paste(picture, (_EMPTY, _EMPTY))
    return wide


def level(design: Design, size: float, swell: int = 0, stroke: int = 0) -> tuple[Image.Image, float, int]:
    """The smallest picture of a print that is at least `size` pixels wide, its pixels per unit, and its border."""
    index = max((i for i, each in enumerate(SIZES) if each >= size), default=0)
    return _levels(design, swell)[STROKES.index(stroke)][index], SIZES[index] / CANVAS, _EMPTY


@cache
def tiles() -> Floats:
    """Noise that repeats at its edges, mean 0 and deviation 1, one tile for each of `SLOPES`: `(4, 256, 256)`."""
    random = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)[None])
    frequency[0, 0] = 1
    made = []
    for slope in SLOPES:
        spectrum = np.fft.rfft2(random.normal(size=(TILE, TILE))) / frequency**slope
        spectrum[0, 0] = 0
        tile = np.fft.irfft2(spectrum, (TILE, TILE))
        made.append(tile / tile.std())
    return np.array(made, np.float32)


def clouds(random: np.random.Generator, count: int, side: int, slope: int | None = None) -> Floats:
    """`count` random cuts out of the tiles, `(count, side, side)`; out of the tile `slope` where it is given."""
    bank = tiles()
    kinds = random.integers(len(SLOPES), size=count) if slope is None else np.full(count, slope)
    rows, columns = random.integers(TILE - side, size=(2, count))
    cuts = np.empty((count, side, side), np.float32)
    for cut, k, y, x in zip(cuts, kinds.tolist(), rows.tolist(), columns.tolist(), strict=True):
        cut[...] = bank[k, y : y + side, x : x + side]
    return cuts


@cache
def _grain() -> Floats:
    """White noise as a sensor's colour interpolation leaves it, smoothed over two pixels, deviation 1."""
    noise = np.random.default_rng(1).normal(size=(4 * TILE, 4 * TILE))
    for axis in (0, 1):
        noise = noise + np.roll(noise, 1, axis)
    return (noise / 2).astype(np.float32)


def grain(random: np.random.Generator, count: int, side: int) -> Floats:
    """`count` random cuts out of a large sheet of noise, `(count, side, side)`."""
    sheet = _grain()
    rows, columns = random.integers(len(sheet) - side, size=(2, count))
    cuts = np.empty((count, side, side), np.float32)
    for cut, y, x in zip(cuts, rows.tolist(), columns.tolist(), strict=True):
        cut[...] = sheet[y : y + side, x : x + side]
    return cuts
