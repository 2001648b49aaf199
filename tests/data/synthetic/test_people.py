"""People and a deer: black, and where a triangle has room for them."""

from __future__ import annotations

import pytest

from drawings import box, colours, covered, rises
from roadsigns.data.synthetic import people, shapes, svg

FIGURES = [people.walker, people.walker_on_crossing, people.children, people.worker, people.deer]


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_black_and_stands_within_a_triangle(figure) -> None:  # type: ignore[no-untyped-def]
    mask = covered(figure())
    assert colours(figure()) == {svg.BLACK}
    assert not (mask & ~covered(shapes.triangle_up())).any()
    _, top, _, bottom = box(mask)
    assert bottom - top > 25


def test_children_are_two_and_the_one_in_front_is_smaller() -> None:
    heads = covered(people.children())
    assert box(heads[:, :90])[1] > box(heads[:, 100:])[1] + 5


def test_stripes_lie_below_the_walker_on_a_crossing() -> None:
    row = covered(people.walker_on_crossing())[158]
    assert rises(row) == 7
