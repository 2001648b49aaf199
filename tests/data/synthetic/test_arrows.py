"""Arrows: which way they point, by where their paint is."""

from __future__ import annotations

import numpy as np
import pytest

from drawings import box, colours, covered, difference
from roadsigns.data.synthetic import arrows, svg

BOTH = pytest.mark.parametrize("full", [False, True])


def weight(mask: np.ndarray) -> tuple[float, float]:
    """The middle of the paint, in units of the canvas."""
    rows, columns = np.nonzero(mask)
    return columns.mean() / 2, rows.mean() / 2


@BOTH
def test_ahead_is_the_same_on_both_sides_and_wider_above(full: bool) -> None:
    mask = covered(arrows.ahead(full=full))
    assert difference(mask, mask[:, ::-1]) < 0.002
    _, top, _, bottom = box(mask)
    head = mask[: int(top + bottom)]
    assert box(head)[2] - box(head)[0] > 2 * 12 > 12 == pytest.approx(mask[160].sum() / 2, abs=0.6)


@BOTH
def test_turns_and_forks_go_to_the_right(full: bool) -> None:
    for arrow in (arrows.turn_right, arrows.fork_right):
        mask = covered(arrow(full=full))
        _, _, right, bottom = box(mask)
        foot = box(mask[170:])
        assert right > foot[2] + 20 and bottom > 80
    assert weight(covered(arrows.keep_right(full=full)))[0] > 50 < weight(covered(arrows.keep_right(full=full)))[1]


@BOTH
def test_keep_right_lies_along_the_diagonal(full: bool) -> None:
    mask = covered(arrows.keep_right(full=full))
    assert difference(mask, mask.T) < 0.005
    assert difference(mask, covered(arrows.keep_right(20, full=full))) > 0.05


@pytest.mark.parametrize("form", [{}, {"thin": True}, {"bare": True}])
def test_a_ring_is_the_same_after_a_third_of_a_turn(form: dict[str, bool]) -> None:
    once, again = covered(arrows.ring(10, **form)), covered(arrows.ring(130, **form))
    assert difference(once, again) < 0.002
    assert difference(once, covered(arrows.ring(70, **form))) > 0.05


def test_priority_points_up_and_curves_bend_to_the_left() -> None:
    for short in (False, True):
        mask = covered(arrows.priority(short=short))
        assert difference(mask, mask[:, ::-1]) < 0.004
    (
        left,
        *_,
    ) = box(covered(arrows.curve_left()))
    foot = box(covered(arrows.curve_left())[140:])
    assert left < foot[0] - 10
    for broad in (False, True):
        mask = covered(arrows.double_curve(broad=broad))
        upper, lower = mask[:100], mask[130:]
        assert weight(upper)[0] < weight(lower)[0]


def test_what_commands_is_white_and_what_warns_is_black() -> None:
    assert colours(arrows.ahead(), arrows.ring(), arrows.keep_right()) == {svg.WHITE}
    assert colours(arrows.priority(), arrows.curve_left(), arrows.double_curve()) == {svg.BLACK}
