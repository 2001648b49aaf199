"""Drawings as pixels, by resvg itself."""

from __future__ import annotations

import io
import itertools

import numpy as np
import resvg_py
from PIL import Image

from roadsigns.data.synthetic.svg import document

SIZE = 200
"""Height and width of a drawing, in pixels: two for each unit of the canvas."""


def drawn(*parts: str) -> np.ndarray:
    """The parts on an empty canvas, RGBA, float64 `(200, 200, 4)` in 0..255."""
    png = resvg_py.svg_to_bytes(svg_string=document(*parts), width=SIZE, height=SIZE, skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(np.float64)


def covered(*parts: str) -> np.ndarray:
    """Where there is paint, bool `(200, 200)`."""
    return drawn(*parts)[..., 3] > 127


def box(mask: np.ndarray) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the paint, in units of the canvas."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return columns[0] / 2, rows[0] / 2, (columns[-1] + 1) / 2, (rows[-1] + 1) / 2


def colours(*parts: str) -> set[str]:
    """The colours that fill at least 400 pixels, so none of an edge, as `#rrggbb`."""
    picture = drawn(*parts)
    solid = picture[picture[..., 3] == 255][:, :3].astype(np.uint8)
    found, counts = np.unique(solid, axis=0, return_counts=True)
    return {"#" + bytes(each.tolist()).hex() for each, count in zip(found, counts, strict=True) if count >= 400}


def rises(line: np.ndarray) -> int:
    """How often a row of truth values goes from false to true."""
    return sum(not before and after for before, after in itertools.pairwise(line))


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Share of pixels in which two masks differ."""
    return float((one != other).mean())
