"""Arrows: white ones that command, black ones that warn.

The commanding arrows come with two heads: two bars, as signs have had since 1992, and a full triangle, as before.
"""

from __future__ import annotations

import math

from .svg import BLACK, WHITE, fill, path, place, stroke

_SHAFT = 12.0
# Between the bars of a head and its shaft.
_LEAN = math.radians(36)


def ahead(*, full: bool = False) -> str:
    """White arrow up."""
    return _shaft("M", 50, 88, "V", 22 if not full else 32) + _head(50, 12, 0, full=full, reach=23)


def turn_right(*, full: bool = False) -> str:
    """White arrow that comes from below and bends to the right."""
    end = 82 if not full else 85
    shaft = _shaft("M", 34.5, 86, "V", 54, "A", 19, 19, 0, 0, 1, 53.5, 35.5, "H", end - (9 if not full else 18))
    return shaft + _head(end, 35.5, 90, full=full, reach=19)


def fork_right(*, full: bool = False) -> str:
    """White arrow that forks up and to the right."""
    x, end = 41, 91.5
    return (
        _shaft("M", x, 88, "V", 20 if not full else 27)
        + _head(x, 11.5, 0, full=full, reach=16.5)
        + _shaft("M", x, 79, "V", 71, "A", 14, 14, 0, 0, 1, x + 14, 57, "H", end - (9 if not full else 14))
        + _head(end, 57, 90, full=full, reach=16.5)
    )


def keep_right(turn: float = 0, *, full: bool = False) -> str:
    """White arrow down to the right, turned clockwise by `turn` degrees, as a loose sign is."""
    shaft = _shaft("M", 0, 37, "V", -26 if not full else -17)
    return place(shaft + _head(0, -38, 0, full=full, reach=26), 50, 50, turn=135 + turn)


def ring(first: float = 0, *, thin: bool = False, bare: bool = False) -> str:
    """Three white arrows in a ring, anticlockwise, turned clockwise by `first` degrees.

    On older signs they are `thin`, and their heads full; `bare` ones are thin with heads of two bars.
    """
    line_width, reach, bar = (4.5, 9.5, 6.5) if thin else (5.5, 12.5, 5.5) if bare else (7.5, 12.5, 7)
    radius, arrows = 31.0 if thin or bare else 29.0, ""
    for turn in (first, first - 120, first - 240):
        start, end = math.radians(-36), math.radians(54)
        line = path(
            *("M", radius * math.cos(start), -radius * math.sin(start)),
            *("A", radius, radius, 0, 0, 0, radius * math.cos(end), -radius * math.sin(end)),
        )
        tip = math.radians(68)
        # The head leans inwards, along the chord that ends in its tip.
        head = _head(radius * math.cos(tip), -radius * math.sin(tip), -58, full=thin, reach=reach, bar=bar)
        arrows += place(stroke(line, WHITE, line_width) + head, 50, 50, turn=turn)
    return arrows


def priority(*, short: bool = False) -> str:
    """Thick black arrow up, notched at its tail, crossed by a bar; older signs have it shorter and bolder."""
    if short:
        arrow = path(
            *("M", 50, 39.5, "Q", 58, 43.5, 60, 51, "V", 61, "H", 57.5, "V", 77, "L", 50, 72, "L", 42.5, 77, "V", 61),
            *("H", 40, "V", 51, "Q", 42, 43.5, 50, 39.5, "Z"),
        )
        return fill(arrow, BLACK) + stroke(path("M", 34, 61, "H", 66), BLACK, 5.4)
    arrow = path(
        *("M", 50, 36.5, "Q", 57.7, 41, 60, 50, "H", 57, "V", 77.5, "L", 50, 71, "L", 43, 77.5, "V", 50, "H", 40),
        *("Q", 42.3, 41, 50, 36.5, "Z"),
    )
    return fill(arrow, BLACK) + stroke(path("M", 33, 59.5, "H", 67), BLACK, 4.6)


def curve_left() -> str:
    """Black arrow that comes from below and bends to the left."""
    body = path(
        *("M", 68, 79.5, "H", 58, "L", 58.5, 70, "C", 58.5, 64.5, 57, 62.5, 52, 62.5, "H", 44, "V", 66.5),
        *("L", 33, 58, "L", 44, 49.5, "V", 53.5, "H", 53, "C", 63, 53.5, 67.5, 59, 67.5, 69, "Z"),
    )
    return place(fill(body, BLACK), 8.5, 10.5, scale=0.83)


def double_curve(*, broad: bool = False) -> str:
    """Black arrow that bends to the left, then up again."""
    if broad:
        body = path(
            *("M", 65, 77, "H", 56, "V", 64, "L", 44.5, 69.2, "Q", 40.5, 71, 40.5, 66.5, "V", 52, "H", 37, "L", 45, 41),
            *("L", 53, 52, "H", 49.5, "V", 57.5, "L", 61, 52.3, "Q", 65, 50.5, 65, 55, "Z"),
        )
        return place(fill(body, BLACK), 2, 1)
    body = path(
        *("M", 60.5, 76, "H", 53, "V", 62.5, "L", 46, 66, "Q", 41.5, 68, 41.5, 63, "V", 51.5, "H", 38.5, "L", 45, 41),
        *("L", 51.5, 51.5, "H", 49, "V", 56.5, "L", 56, 53, "Q", 60.5, 51, 60.5, 56, "Z"),
    )
    return place(fill(body, BLACK), -1, -1, scale=1.02)


def _shaft(*steps: str | float) -> str:
    return stroke(path(*steps), WHITE, _SHAFT)


def _head(x: float, y: float, turn: float, *, full: bool = False, reach: float, bar: float = 10) -> str:
    """Head with its tip at `(x, y)`, pointing up and turned clockwise; `reach` is half its width, in units."""
    if full:
        side = reach * 0.9
        return place(fill(path("M", 0, 0, "L", side, reach * 1.2, "H", -side, "Z"), WHITE), x, y, turn=turn)
    # The pen's corner reaches beyond its middle: move the middle down, so that the tip is where it should be.
    sine, cosine = math.sin(_LEAN), math.cos(_LEAN)
    down, side = bar / 2 / sine, reach - bar / 2 * cosine
    end = down + side * cosine / sine
    return place(stroke(path("M", -side, end, "L", 0, down, "L", side, end), WHITE, bar), x, y, turn=turn)
