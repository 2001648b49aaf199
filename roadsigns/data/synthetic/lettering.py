"""Numerals and the four letters of STOP in a narrow hand like DIN 1451, drawn as paths of our own.

A character is 100 units high, `width` units wide and drawn with a pen of `pen` units; its origin is its upper left
corner. A line of writing is placed around a centre.
"""

from __future__ import annotations

from collections.abc import Callable

from .svg import fill, path, place, stroke

HEIGHT = 100.0


def write(
    text: str, x: float, y: float, height: float, colour: str, *, width: float = 58, pen: float = 17, gap: float = 13
) -> str:
    """`text` centred on `(x, y)`.

    Args:
        text: digits and the letters O, P, S, T, except 4 and 9.
        x: middle of the line, in units of the canvas.
        y: middle of the line, in units of the canvas.
        height: height of the characters, in units of the canvas.
        colour: their colour.
        width: width of a character, as a percentage of its height; a 1 and a T have widths of their own.
        pen: thickness of the lines, as a percentage of the height.
        gap: distance between characters, as a percentage of the height.
    """
    widths = [_width(character, width, pen) for character in text]
    left = -(sum(widths) + gap * (len(text) - 1)) / 2
    line = ""
    for character, own in zip(text, widths, strict=True):
        line += place(_DRAWN[character](own, pen, colour), left, -HEIGHT / 2)
        left += own + gap
    return place(line, x, y, scale=height / HEIGHT)


def _width(character: str, width: float, pen: float) -> float:
    return {"1": pen + 9, "T": width * 0.98}.get(character, width)


def _middle(width: float, pen: float) -> tuple[float, float, float, float, float]:
    """Where the pen's middle runs along the left, right, top and bottom edge, and the radius of a bowl."""
    half = pen / 2
    return half, width - half, half, HEIGHT - half, (width - pen) / 2


def _zero(width: float, pen: float, colour: str) -> str:
    left, right, top, bottom, r = _middle(width, pen)
    line = path(
        *("M", left, top + r, "A", r, r, 0, 0, 1, right, top + r),
        *("V", bottom - r, "A", r, r, 0, 0, 1, left, bottom - r, "Z"),
    )
    return stroke(line, colour, pen)


def _one(width: float, pen: float, colour: str) -> str:
    stem = width - pen
    return fill(path("M", stem, 100, "V", 19, "L", 0, 26, "V", 9, "L", stem, 0, "H", width, "V", 100, "Z"), colour)


def _two(width: float, pen: float, colour: str) -> str:
    left, right, top, bottom, r = _middle(width, pen)
    line = path(
        *("M", left, top + r + 2, "V", top + r, "A", r, r, 0, 0, 1, right, top + r),
        *("C", right, 50, left + 1, 62, left + 1, bottom, "H", width),
    )
    return stroke(line, colour, pen)


def _three(width: float, pen: float, colour: str) -> str:
    left, right, top, bottom, r = _middle(width, pen)
    waist = 47
    line = path(
        *("M", left, top + r + 2, "V", top + r, "A", r, r, 0, 0, 1, right, top + r),
        *("C", right, waist - 7, right - r * 0.4, waist, width / 2 - 3, waist),
        *("M", width / 2 - 3, waist, "C", right - r * 0.4, waist, right, waist + 8, right, waist + 18),
        *("V", bottom - r, "A", r, r, 0, 0, 1, left, bottom - r, "V", bottom - r - 2),
    )
    return stroke(line, colour, pen)


def _five(width: float, pen: float, colour: str) -> str:
    left, right, top, bottom, r = _middle(width, pen)
    line = path(
        *("M", width - 3, top, "H", left, "V", 56),
        *("M", left, 52, "C", left + 6, 38, right, 32, right, 62),
        *("V", bottom - r, "A", r, r, 0, 0, 1, left, bottom - r, "V", bottom - r - 3),
    )
    return stroke(line, colour, pen)


def _six(width: float, pen: float, colour: str) -> str:
    left, right, _, bottom, r = _middle(width, pen)
    bowl = 41 + pen / 2
    line = path(
        *("M", width * 0.7, 1, "C", width * 0.48, 22, left, 44, left, bottom - r - 4, "V", bottom - r),
        *("A", r, r, 0, 0, 0, right, bottom - r, "V", bowl + r, "A", r, r, 0, 0, 0, left, bowl + r),
    )
    return stroke(line, colour, pen)


def _seven(width: float, pen: float, colour: str) -> str:
    foot, slant = width * 0.24, pen * 1.08
    corners = path(
        *("M", 0, 0, "H", width, "V", pen, "L", foot + slant, 100),
        *("H", foot, "L", width - slant, pen, "H", 0, "Z"),
    )
    return fill(corners, colour)


def _eight(width: float, pen: float, colour: str) -> str:
    left, right, top, bottom, r = _middle(width, pen)
    waist, inner = 47, 2.0
    upper = r - inner
    line = path(
        *(
            "M",
            left + inner,
            (top + waist) / 2,
            "V",
            top + upper,
            "A",
            upper,
            upper,
            0,
            0,
            1,
            right - inner,
            top + upper,
        ),
        *("C", right - inner, waist - 6, right - r * 0.5, waist, width / 2, waist),
        *("S", left + inner, waist - 6, left + inner, top + upper, "Z"),
        *("M", width / 2, waist, "C", right - r * 0.5, waist, right, waist + 7, right, waist + 18),
        *("V", bottom - r, "A", r, r, 0, 0, 1, left, bottom - r, "V", waist + 18),
        *("C", left, waist + 7, left + r * 0.5, waist, width / 2, waist, "Z"),
    )
    return stroke(line, colour, pen)


def _letter_p(width: float, pen: float, colour: str) -> str:
    left, right, top, _, r = _middle(width, pen)
    bowl = 54
    line = path(
        *("M", left, 100, "V", top, "H", right - r * 0.9, "C", right, top, right, top + 8, right, (top + bowl) / 2),
        *("S", right, bowl, right - r * 0.9, bowl, "H", left),
    )
    return stroke(line, colour, pen)


def _letter_s(width: float, pen: float, colour: str) -> str:
    left, right, top, bottom, r = _middle(width, pen)
    line = path(
        *("M", right, top + r + 3, "V", top + r, "A", r, r, 0, 0, 0, left, top + r),
        *("C", left, 54, right, 46, right, bottom - r),
        *("A", r, r, 0, 0, 1, left, bottom - r, "V", bottom - r - 3),
    )
    return stroke(line, colour, pen)


def _letter_t(width: float, pen: float, colour: str) -> str:
    middle = width / 2
    return stroke(path("M", 0, pen / 2, "H", width, "M", middle, pen / 2, "V", 100), colour, pen)


_DRAWN: dict[str, Callable[[float, float, str], str]] = {
    "0": _zero,
    "1": _one,
    "2": _two,
    "3": _three,
    "5": _five,
    "6": _six,
    "7": _seven,
    "8": _eight,
    "O": _zero,
    "P": _letter_p,
    "S": _letter_s,
    "T": _letter_t,
}
