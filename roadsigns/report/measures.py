"""Figures of right and wrong answers beyond the accuracy, each with how sure it is."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
_Z = 1.959963984540054
SIZES = (0, 20, 25, 32, 45, 64, 90)
"""Where the groups of signs by size begin, in pixels."""


def wilson(right: int, pictures: int) -> tuple[float, float]:
    """The interval that holds the true share in 19 of 20 cases.

    Args:
        right: how many of the pictures are right.
        pictures: at least 1.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    share, extra = right / pictures, _Z**2 / pictures
    middle = share + extra / 2
    half = _Z * math.sqrt(share * (1 - share) / pictures + extra / (4 * pictures))
    low, high = (middle - half) / (1 + extra), (middle + half) / (1 + extra)
    return (0.0 if right == 0 else low), (1.0 if right == pictures else high)


def mcnemar(only_first: int, only_second: int) -> float:
    """How probable a difference at least as uneven is between two equally good models, by the exact two-sided test.

    Args:
        only_first: pictures that only the first model names rightly.
        only_second: pictures that only the second one does.

    Source: McNemar, "Note on the sampling error of the difference between correlated proportions" (1947).
    """
    both, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(both, number) for number in range(fewer + 1))
    return min(1.0, float(Fraction(2 * tail, 2**both)))


def risk(confidence: npt.NDArray[np.float64], right: Flags) -> npt.NDArray[np.float64]:
    """The share of wrong ones among the 1, 2, ..., N pictures that a model is surest of, `(N,)`."""
    order = np.argsort(-confidence, kind="stable")
    wrong: npt.NDArray[np.float64] = np.cumsum(~right[order]) / np.arange(1, len(right) + 1)
    return wrong


def error_without(confidence: npt.NDArray[np.float64], right: Flags, share: float) -> float:
    """The share of wrong ones that is left when `share` of the pictures, the least sure, are left out."""
    return float(risk(confidence, right)[max(0, len(right) - int(share * len(right)) - 1)])


class Group(NamedTuple):
    """Pictures whose signs are about as large: from `low` pixels to below `high`, None without end."""

    low: int
    high: int | None
    right: int
    pictures: int


def by_size(sizes: npt.NDArray[np.int64], right: Flags) -> list[Group]:
    """Right answers by the longer side of the sign in the picture that it was cut from; groups without pictures absent.

    Args:
        sizes: width and height in pixels, `(N, 2)`.
        right: `(N,)`.
    """
    group = np.searchsorted(SIZES, sizes.max(axis=1), side="right") - 1
    bounds = enumerate(itertools.pairwise((*SIZES, None)))
    found = ((low, high, right[group == number]) for number, (low, high) in bounds)
    return [Group(low or 0, high, int(some.sum()), len(some)) for low, high, some in found if len(some)]
