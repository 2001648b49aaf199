"""Whole sets of drawn signs: the same for a seed, every class alike."""

from __future__ import annotations

import re
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from roadsigns import signs
from roadsigns.data import synthetic
from roadsigns.data.synthetic import Camera
from roadsigns.data.synthetic.draw import UNIT

SEEDS = st.integers(0, 2**31 - 1)


@hypothesis.given(st.integers(1, 100), SEEDS)
def test_form_and_balance(count: int, seed: int) -> None:
    images, labels = synthetic.draw(count, seed)
    assert images.dtype == np.uint8 and images.shape == (count, 32, 32, 3)
    assert labels.dtype == np.int64 and labels.shape == (count,)
    counts = np.bincount(labels, minlength=signs.COUNT)
    assert counts.shape == (43,)
    assert set(counts) <= {count // 43, -(-count // 43)}


@hypothesis.given(SEEDS)
def test_a_seed_gives_the_same_pictures_again(seed: int) -> None:
    one, again = synthetic.draw(40, seed), synthetic.draw(40, seed)
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    other = synthetic.draw(40, (seed + 1) % 2**31)
    assert not np.array_equal(one[0], other[0])
    part = synthetic.draw(40, seed, part=1)
    assert not np.array_equal(one[0], part[0])


def test_the_number_of_processes_changes_nothing() -> None:
    count = 2 * UNIT + 10
    told: list[tuple[int, int]] = []
    alone = synthetic.draw(count, 3)
    shared = synthetic.draw(count, 3, processes=2, tell=lambda done, total: told.append((done, total)))
    assert all(np.array_equal(a, b) for a, b in zip(alone, shared, strict=True))
    assert told == [(UNIT, count), (2 * UNIT, count), (count, count)]


def test_no_picture_is_drawn_twice() -> None:
    images, _ = synthetic.draw(UNIT + 200, 0)
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)


def test_order_is_random() -> None:
    _, labels = synthetic.draw(430, 0)
    assert np.count_nonzero(np.diff(labels) == 1) < 50


def test_backgrounds_bear_no_sign() -> None:
    camera = Camera().only("background")
    images = synthetic.draw_backgrounds(60, 0, camera=camera)
    assert images.dtype == np.uint8 and images.shape == (60, 32, 32, 3)
    assert np.array_equal(images, synthetic.draw_backgrounds(60, 0, camera=camera))
    # Without any factor nothing is left but grey.
    assert np.unique(synthetic.draw_backgrounds(5, 0, camera=Camera().only())).size == 1


NUMBERS = {"count": (1, 170_000), "seed": (0, 2**31 - 1), "part": (0, 2**31 - 1), "processes": (1, 1024)}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("beyond", [0, 1])
def test_numbers_out_of_range(name: str, beyond: int) -> None:
    low, high = NUMBERS[name]
    value = high + 1 if beyond else low - 1
    message = f"Invalid value for `{name}`: expected {low}..{high}. Received: {name}={value}"
    with pytest.raises(ValueError, match=re.escape(message)):
        synthetic.draw(**{"count": 43, name: value})


@pytest.mark.parametrize("value", [True, 1.0, "43", None])
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_whole(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=re.escape(f"`{name}` must be a whole number. Received: {value!r}")):
        synthetic.draw(**{"count": 43, name: value})


def test_backgrounds_check_their_numbers() -> None:
    with pytest.raises(ValueError, match=re.escape("`count`: expected 1..170000. Received: count=0")):
        synthetic.draw_backgrounds(0)
