"""The blank signs: what a driver sees from afar, before anything is on it.

All fill the canvas from left to right, except where a board shows around them. Widths of rims are those of the
full-size signs (600 mm discs, 900 mm triangles) as a share of the width.
"""

from __future__ import annotations

import math

from .svg import BLACK, BLUE, RED, WHITE, YELLOW, circle, fill, path, place, rectangle, stroke

CENTRE = 50.0

# An equilateral triangle as wide as the canvas: rounded corners, and its height in the middle of the canvas.
_ROUNDING = 5.0
_INSIDE = (100 - 2 * _ROUNDING) / 2 / math.sqrt(3)
_EDGE = _INSIDE + _ROUNDING
TRIANGLE_HEIGHT = 3 * _INSIDE + 2 * _ROUNDING
"""Height of a triangle of width 100, in units."""
TRIANGLE_TOP = (100 - TRIANGLE_HEIGHT) / 2
"""Distance of a triangle's highest point from the canvas's upper edge, in units."""
_TRIANGLE_CENTRE = TRIANGLE_TOP + TRIANGLE_HEIGHT - _EDGE


def red_ring() -> str:
    """White disc with a red ring and a thin white rim."""
    return circle(CENTRE, CENTRE, 50, WHITE) + circle(CENTRE, CENTRE, 48.3, RED) + circle(CENTRE, CENTRE, 36.8, WHITE)


def red_disc() -> str:
    """Red disc with a thin white rim."""
    return circle(CENTRE, CENTRE, 50, WHITE) + circle(CENTRE, CENTRE, 48.6, RED)


def blue_disc() -> str:
    """Blue disc with a thin white rim."""
    return circle(CENTRE, CENTRE, 50, WHITE) + circle(CENTRE, CENTRE, 47.4, BLUE)


def white_disc() -> str:
    """White disc with a thin black edge, as on signs that end a rule."""
    return circle(CENTRE, CENTRE, 50, WHITE) + circle(CENTRE, CENTRE, 49.4, BLACK) + circle(CENTRE, CENTRE, 47.6, WHITE)


def end_lines() -> str:
    """Five black lines over a disc, from lower left to upper right."""
    lines = ""
    for step in range(-2, 3):
        across = 4.3 * step
        along = math.sqrt(47.6**2 - across**2)
        lines += stroke(path("M", -along, across, "H", along), BLACK, 2.4)
    return place(lines, CENTRE, CENTRE, turn=-48)


def triangle_up() -> str:
    """White triangle with a red edge and a thin white rim."""
    return (
        _triangle(_EDGE, _ROUNDING, WHITE)
        + _triangle(_EDGE - 1.7, _ROUNDING - 1, RED)
        + _triangle(_EDGE - 11.5, 1.2, WHITE)
    )


def triangle_down() -> str:
    """The same, standing on its tip."""
    return place(triangle_up(), 100, 100, turn=180)


def octagon() -> str:
    """Red octagon with a white rim."""
    return _octagon(50, WHITE) + _octagon(46.2, RED)


def diamond() -> str:
    """Square on its corner: yellow, white border, thin black edge and a thin white rim."""
    return (
        _square(50, 5, WHITE)
        + _square(48.8, 4.5, BLACK)
        + _square(46.4, 3.5, WHITE)
        + _square(27, 1.2, BLACK)
        + _square(25.8, 0.8, YELLOW)
    )


def board() -> str:
    """White board that fills the canvas, for a sign that is printed on one."""
    return rectangle(0, 0, 100, 100, WHITE)


def _triangle(edge: float, rounding: float, colour: str) -> str:
    """Triangle whose sides are `edge` away from its centre, with corners rounded to a radius."""
    inside = edge - rounding
    half, top, bottom = inside * math.sqrt(3), _TRIANGLE_CENTRE - 2 * inside, _TRIANGLE_CENTRE + inside
    corners = path("M", CENTRE, top, "L", CENTRE + half, bottom, "H", CENTRE - half, "Z")
    return fill(corners, colour) + stroke(corners, colour, 2 * rounding, rounded=True)


def _octagon(half: float, colour: str) -> str:
    """Octagon with corners rounded to a radius of 1."""
    inside = half - 1
    long, short = inside, inside * math.tan(math.pi / 8)
    corners = path(
        *("M", -short, -long, "H", short, "L", long, -short, "V", short),
        *("L", short, long, "H", -short, "L", -long, short, "V", -short, "Z"),
    )
    return place(fill(corners, colour) + stroke(corners, colour, 2, rounded=True), CENTRE, CENTRE)


def _square(reach: float, rounding: float, colour: str) -> str:
    """Square on its corner; `reach` is how far its rounded corners are from the centre."""
    half = (reach + rounding * (math.sqrt(2) - 1)) / math.sqrt(2)
    return place(rectangle(-half, -half, 2 * half, 2 * half, colour, rounding=rounding), CENTRE, CENTRE, turn=45)
