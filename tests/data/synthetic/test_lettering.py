"""Numerals and the letters of STOP: size, place and the symmetries that characters have."""

from __future__ import annotations

import numpy as np
import pytest

from drawings import box, covered, difference, rises
from roadsigns.data.synthetic import svg
from roadsigns.data.synthetic.lettering import write


@pytest.mark.parametrize("character", "01235678OPST")
def test_a_character_is_as_high_as_it_is_told_and_centred(character: str) -> None:
    left, top, right, bottom = box(covered(write(character, 50, 40, 30, svg.BLACK)))
    assert (top, bottom) == (pytest.approx(25, abs=1), pytest.approx(55, abs=1))
    assert (left + right) / 2 == pytest.approx(50, abs=2)


def test_a_line_is_centred_with_its_gaps() -> None:
    """By hand: three characters of 58 % and two gaps of 13 % of a height of 40 are 80 units wide."""
    mask = covered(write("800", 50, 50, 40, svg.BLACK))
    left, _, right, _ = box(mask)
    assert (left, right) == (pytest.approx(50 - 40, abs=0.6), pytest.approx(50 + 40, abs=0.6))
    empty = ~mask[60:140].any(axis=0)
    assert rises(empty[20:180]) == 2


@pytest.mark.parametrize("character", "08OT")
def test_some_characters_are_their_own_mirror_image(character: str) -> None:
    mask = covered(write(character, 50, 50, 60, svg.BLACK))
    assert difference(mask, mask[:, ::-1]) < 0.003


def test_no_two_characters_look_alike_but_nought_and_o() -> None:
    masks = {each: covered(write(each, 50, 50, 60, svg.BLACK)) for each in "0123567OPST8"}
    assert np.array_equal(masks["0"], masks["O"])
    for one in "0123567PST8":
        for other in "0123567PST8":
            assert (difference(masks[one], masks[other]) > 0.005) == (one != other), (one, other)


def test_what_is_on_no_sign_is_not_drawn() -> None:
    with pytest.raises(KeyError, match="4"):
        write("40", 50, 50, 30, svg.BLACK)
