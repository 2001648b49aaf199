"""Arrows: white ones that command, black ones that warn.

The commanding arrows come with two heads: two bars, as signs have had since 1992, and a full triangle, as before.
"""

from __future__ import annotations

import math

from .svg import BLACK, WHITE, fill, path, place, stroke

_SHAFT = 10.5


def ahead(*, full: bool = False) -> str:
    """White arrow up."""
    return _shaft("M", 50, 86, "V", 20 if not full else 30) + _head(50, 11, 0, full=full, reach=19)


def turn_right(*, full: bool = False) -> str:
    """White arrow that comes from below and bends to the right."""
    end = 79 if not full else 85
    shaft = _shaft("M", 33, 82, "V", 55, "A", 17, 17, 0, 0, 1, 50, 38, "H", end - (8 if not full else 16))
    return shaft + _head(end, 38, 90, full=full, reach=18.5)


def fork_right(*, full: bool = False) -> str:
    """White arrow that forks up and to the right."""
    x, end = 41, 89
    return (
        _shaft("M", x, 88, "V", 18 if not full else 25)
        + _head(x, 9, 0, full=full, reach=16)
        + _shaft("M", x, 80, "V", 72, "A", 14, 14, 0, 0, 1, x + 14, 58, "H", end - (8 if not full else 14))
        + _head(end, 58, 90, full=full, reach=16)
    )


def keep_right(*, full: bool = False) -> str:
    """White arrow down to the right."""
    shaft = _shaft("M", 0, 0, "V", -56 if not full else -54, width=11)
    arrow = place(shaft, 26, 26, turn=135)
    return arrow + _head(74, 74, 135, full=full, reach=20, bar=11)


def ring(first: float = 0, *, thin: bool = False) -> str:
    """Three white arrows in a ring, anticlockwise, turned clockwise by `first` degrees; `thin` as on older signs."""
    radius, arrows = 30.0 if thin else 29.0, ""
    line_width, reach = (4.5, 9.5) if thin else (7.5, 12)
    for turn in (first, first - 120, first - 240):
        start, end = math.radians(-36), math.radians(54)
        line = path(
            *("M", radius * math.cos(start), -radius * math.sin(start)),
            *("A", radius, radius, 0, 0, 0, radius * math.cos(end), -radius * math.sin(end)),
        )
        tip = math.radians(65)
        head = _head(radius * math.cos(tip), -radius * math.sin(tip), -60, full=thin, reach=reach, bar=6.5)
        arrows += place(stroke(line, WHITE, line_width) + head, 50, 50, turn=turn)
    return arrows


def priority(*, broad: bool = False, short: bool = False) -> str:
    """Thick black arrow up, notched at its tail, crossed by a bar; older signs have it shorter and bolder."""
    if short:
        arrow = path(
            *("M", 50, 39, "Q", 58, 43.5, 60, 51, "V", 60, "H", 57.5, "V", 75, "L", 50, 70, "L", 42.5, 75, "V", 60),
            *("H", 40, "V", 51, "Q", 42, 43.5, 50, 39, "Z"),
        )
        return fill(arrow, BLACK) + stroke(path("M", 36, 61, "H", 64), BLACK, 6)
    slim_arrow = path(
        *("M", 50, 37.5, "Q", 57, 42, 59, 50, "H", 56.3, "V", 77, "L", 50, 70.5, "L", 43.7, 77, "V", 50, "H", 41),
        *("Q", 43, 42, 50, 37.5, "Z"),
    )
    broad_arrow = path(
        *("M", 50, 35, "Q", 58.5, 40.5, 61, 50, "H", 58, "V", 78, "L", 50, 71, "L", 42, 78, "V", 50, "H", 39),
        *("Q", 41.5, 40.5, 50, 35, "Z"),
    )
    arrow = broad_arrow if broad else slim_arrow
    return fill(arrow, BLACK) + stroke(path("M", 33, 58.5, "H", 67), BLACK, 4.6)


def curve_left() -> str:
    """Black arrow that comes from below and bends to the left."""
    body = path(
        *("M", 68, 79.5, "H", 58, "L", 58.5, 70, "C", 58.5, 64.5, 57, 62.5, 52, 62.5, "H", 44, "V", 66.5),
        *("L", 33, 58, "L", 44, 49.5, "V", 53.5, "H", 53, "C", 63, 53.5, 67.5, 59, 67.5, 69, "Z"),
    )
    return place(fill(body, BLACK), 6, 7, scale=0.88)


def double_curve(*, broad: bool = False) -> str:
    """Black arrow that bends to the left, then up again."""
    if broad:
        body = path(
            *("M", 65, 77, "H", 56, "V", 64, "L", 44.5, 69.2, "Q", 40.5, 71, 40.5, 66.5, "V", 48, "H", 37, "L", 45, 36),
            *("L", 53, 48, "H", 49.5, "V", 57.5, "L", 61, 52.3, "Q", 65, 50.5, 65, 55, "Z"),
        )
        return place(fill(body, BLACK), 0, -1)
    body = path(
        *("M", 60.5, 76, "H", 53, "V", 62.5, "L", 46, 66, "Q", 41.5, 68, 41.5, 63, "V", 47.5, "H", 38.5, "L", 45, 37),
        *("L", 51.5, 47.5, "H", 49, "V", 56.5, "L", 56, 53, "Q", 60.5, 51, 60.5, 56, "Z"),
    )
    return place(fill(body, BLACK), -3, -3.5, scale=1.06)


def _shaft(*steps: str | float, width: float = _SHAFT) -> str:
    return stroke(path(*steps), WHITE, width)


def _head(x: float, y: float, turn: float, *, full: bool = False, reach: float, bar: float = 10) -> str:
    """Head with its tip at `(x, y)`, pointing up and turned clockwise; `reach` is half its width, in units."""
    if full:
        return place(fill(path("M", 0, 0, "L", reach, reach * 1.25, "H", -reach, "Z"), WHITE), x, y, turn=turn)
    # The pen's corner reaches beyond its middle: move the middle down, so that the tip is where it should be.
    down = bar / math.sqrt(2)
    side = reach - bar / 2 / math.sqrt(2)
    return place(
        stroke(path("M", -side, down + side, "L", 0, down, "L", side, down + side), WHITE, bar), x, y, turn=turn
    )
