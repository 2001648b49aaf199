"""Where the sign stands in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from cameras import ALL, PLAIN, always, take
from roadsigns.data.synthetic import Camera
from roadsigns.data.synthetic.camera import photograph
from roadsigns.preprocess import grey


def centre_of_red(picture: np.ndarray) -> np.ndarray:
    """Middle of the red pixels, x and y in pixels from the upper left corner."""
    rows, columns = np.nonzero(picture[..., 0] > picture[..., 1] + 40)
    return np.array([columns.mean(), rows.mean()]) + 0.5


def test_offset_moves_the_sign() -> None:
    middle = np.array([centre_of_red(each) for each in take(PLAIN, 17, 1)])
    assert middle == pytest.approx(np.array([[16, 16]]), abs=0.3)
    moved = np.array([centre_of_red(each) for each in take(Camera().only("offset"), 17, 60)])
    assert 0.3 < moved.std() < 2
    assert np.abs(moved - 16).max() < 4


def test_margins_are_wider_at_the_left_and_above() -> None:
    """By hand: 6 + 26.67 + 6 - 1.3 pixels are rounded to 37; the sign's middle is at 19.15 of them."""
    middle = np.array([centre_of_red(each) for each in take(always("margin", 6), 17, 1)])
    assert middle == pytest.approx(np.full((1, 2), 19.15 / 37 * 32), abs=0.15)


def test_turn_turns_clockwise() -> None:
    """The upper end of class 35's arrow moves to the right."""

    def tip(picture: np.ndarray) -> float:
        rows = grey(picture.astype(np.uint8)[None])[0].astype(float)[5:11, 8:24]
        return float((rows.sum(axis=0) * np.arange(16)).sum() / rows.sum())

    straight, turned = take(PLAIN, 35, 1)[0], take(always("turn", 12), 35, 1)[0]
    assert tip(turned) > tip(straight) + 0.2


def test_smallest_and_largest_signs() -> None:
    for amount in (12, 60):
        pictures = photograph(ALL, [0], always("size", amount))
        assert pictures.shape == (len(ALL), 32, 32, 3)
        assert pictures.std(axis=(1, 2, 3)).min() > 3
