"""`python -m roadsigns.data.synthetic FILE`: all drawings on one page, for the eye, as a PNG file."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from ...files import beside
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


def main(arguments: list[str]) -> int:
    """Write the page to the one file named; exit code 2 where there is not one name."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("Usage: python -m roadsigns.data.synthetic docs/designs.png", file=sys.stderr)
        return 2
    with beside(Path(arguments[0])) as fresh:
        page().save(fresh, format="PNG", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
