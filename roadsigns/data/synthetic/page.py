"""All drawings on one page, for the eye."""

from __future__ import annotations

from PIL import Image

from .designs import every
from .render import render

COLUMNS = 10
SIZE = 88
"""Height and width of a drawing on the page, in pixels."""
_SPACE = 8
_GREY = (150, 160, 150)


def page() -> Image.Image:
    """A picture of every drawing, by class from left to right and top to bottom, on plain grey."""
    designs = every()
    rows = -(-len(designs) // COLUMNS)
    step = SIZE + _SPACE
    picture = Image.new("RGB", (COLUMNS * step + _SPACE, rows * step + _SPACE), _GREY)
    for index, design in enumerate(designs):
        row, column = divmod(index, COLUMNS)
        drawing = Image.fromarray(render(design, SIZE))
        picture.paste(drawing, (column * step + _SPACE, row * step + _SPACE), drawing)
    return picture
