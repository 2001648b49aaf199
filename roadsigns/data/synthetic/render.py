"""A drawing to pixels.

Rendered by resvg (the `resvg-py` wheel): one small abi3 wheel per system that needs no library of the machine, and
software rendering without fonts. Skia draws faster, but its wheel wants the system's OpenGL and is ten times as large;
CairoSVG wants the system's Cairo.
"""

from __future__ import annotations

import io

import numpy as np
import resvg_py
from PIL import Image

from ...preprocess import Pixels
from .designs import Design

LARGEST = 4096
"""Largest size that is drawn, in pixels: beyond it is a slip, not a sign."""


def render(design: Design, size: int) -> Pixels:
    """Draw a design.

    Args:
        design: what to draw.
        size: height and width in pixels, 1..4096.

    Returns:
        uint8 RGBA, shape `(size, size, 4)`; colours are not multiplied by alpha. Around the sign alpha is 0. A new
        array.

    Raises:
        ValueError: `size` is out of range.
    """
    if not 1 <= size <= LARGEST:
        raise ValueError(f"Invalid value for `size`: expected 1..{LARGEST} pixels. Received: size={size}")
    png = resvg_py.svg_to_bytes(svg_string=design.svg, width=size, height=size, skip_system_fonts=True)
    with Image.open(io.BytesIO(png)) as picture:
        return np.array(picture.convert("RGBA"))
