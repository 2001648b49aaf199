"""Floats as TensorFlow Serving prints them: six digits where they say it all, else as many as are always enough."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def texts(numbers: npt.NDArray[np.floating[Any]]) -> list[str]:
    """Print each number so that it reads back to the same number of its own dtype.

    Six significant digits as C's `%g`; if that reads back to another number, nine (float32) or seventeen (float64).
    A whole number ends in `.0`, so that it never looks like an integer. Not a number and the infinities are bare words.

    Args:
        numbers: float32 or float64, shape `(N,)`.

    Source: TensorFlow Serving's REST API, "JSON mapping", and the `WriteDecimal` it describes.
    """
    values = numbers.tolist()
    made = _printed("%.9g" if numbers.dtype == np.float32 else "%.17g", values)
    tried = np.flatnonzero(_may_be_short(numbers)).tolist()
    short = _printed("%g", [values[index] for index in tried])
    back = np.array(list(map(float, short)), np.float64)
    wanted = numbers[tried]
    with np.errstate(over="ignore", under="ignore"):
        same = back.astype(numbers.dtype) == wanted
        if numbers.dtype == np.float32:  # a reader that does not go by way of a double must come to it as well
            same &= np.nextafter(back, -np.inf).astype(np.float32) == wanted
            same &= np.nextafter(back, np.inf).astype(np.float32) == wanted
    for index in np.flatnonzero(same).tolist():
        made[tried[index]] = short[index]
    made = [text if "." in text or "e" in text else f"{text}.0" for text in made]
    for index in np.flatnonzero(~np.isfinite(numbers)).tolist():
        made[index] = _word(values[index])
    return made


def _may_be_short(numbers: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.bool_]:
    """Whether six digits could do: false only where they are further from a float32 than its neighbours' middle."""
    if numbers.dtype != np.float32:
        return np.ones(numbers.shape, np.bool_)
    with np.errstate(all="ignore"):
        wide = np.abs(numbers.astype(np.float64))
        scale = 10.0 ** (5 - np.floor(np.log10(wide)))
        away = np.abs(np.rint(wide * scale) / scale - wide)
    return np.asarray(~(away > 2.0**-23 * wide) | (wide < np.finfo(np.float32).tiny))


def _printed(form: str, values: list[float]) -> list[str]:
    """Each number by the same form: one call for all of them takes half the time."""
    return (f"{form} " * len(values) % tuple(values)).split()


def _word(number: float) -> str:
    if number != number:
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"
