"""SVG text: the few elements that the drawings are made of, and how they are placed.

Every function returns markup for a canvas of `CANVAS` x `CANVAS` units, y pointing down. Text elements are left out on
purpose: what they look like depends on the fonts of a machine.
"""

from __future__ import annotations

CANVAS = 100
"""Width and height of every drawing, in units."""

# Traffic colours (RAL 3020, 5017, 1023, 6024, 9017, 9016, 7042) in sRGB, approximately.
RED = "#bb1e10"
BLUE = "#005b8c"
YELLOW = "#f7b500"
GREEN = "#008754"
BLACK = "#2a292a"
WHITE = "#f1f0ea"
GREY = "#8f9695"


def document(*parts: str) -> str:
    """A whole SVG document of the parts, first at the bottom."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{CANVAS}" height="{CANVAS}" '
        f'viewBox="0 0 {CANVAS} {CANVAS}">{"".join(parts)}</svg>'
    )


def number(value: float) -> str:
    """`value` to a thousandth of a unit, without idle zeros."""
    return f"{round(value, 3) + 0:.10g}"


def path(*steps: str | float) -> str:
    """Path data of letters and numbers: `path("M", 1, 2.5)` is `M 1 2.5`."""
    return " ".join(step if isinstance(step, str) else number(step) for step in steps)


def fill(data: str, colour: str) -> str:
    """The inside of a path; where its parts overlap, an even number of them is a hole."""
    return f'<path d="{data}" fill="{colour}" fill-rule="evenodd"/>'


def stroke(data: str, colour: str, width: float, *, rounded: bool = False) -> str:
    """A line along a path, with round ends and corners or with square ones that end where the path does."""
    style = ' stroke-linecap="round" stroke-linejoin="round"' if rounded else ' stroke-miterlimit="8"'
    return f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="{number(width)}"{style}/>'


def circle(x: float, y: float, radius: float, colour: str) -> str:
    """A disc around `(x, y)`."""
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{colour}"/>'


def rectangle(x: float, y: float, width: float, height: float, colour: str, *, rounding: float = 0) -> str:
    """A rectangle from its upper left corner; `rounding` is the radius of its corners."""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" '
        f'rx="{number(rounding)}" fill="{colour}"/>'
    )


def place(part: str, x: float, y: float, *, scale: float = 1, turn: float = 0) -> str:
    """`part` with its origin moved to `(x, y)`, enlarged by `scale` and turned clockwise by `turn` degrees."""
    return f'<g transform="translate({number(x)} {number(y)}) rotate({number(turn)}) scale({number(scale)})">{part}</g>'


def mirror(part: str) -> str:
    """`part` with left and right of the canvas exchanged."""
    return f'<g transform="translate({CANVAS} 0) scale(-1 1)">{part}</g>'
