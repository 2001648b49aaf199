"""The blank signs: their outlines by geometry, their colours by name."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drawings import box, colours, covered, difference, drawn, rises
from roadsigns.data.synthetic import shapes, svg


@pytest.mark.parametrize(
    ("shape", "area", "inks"),
    [
        (shapes.red_ring, math.pi * 50**2, {svg.RED, svg.WHITE}),
        (shapes.red_disc, math.pi * 50**2, {svg.RED, svg.WHITE}),
        (shapes.blue_disc, math.pi * 50**2, {svg.BLUE, svg.WHITE}),
        (shapes.white_disc, math.pi * 50**2, {svg.BLACK, svg.WHITE}),
        (shapes.octagon, 2 * math.sqrt(2) * 50**2 / math.cos(math.pi / 8) ** 2, {svg.RED, svg.WHITE}),
        (shapes.board, 100**2, {svg.WHITE}),
    ],
)
def test_a_sign_fills_the_canvas_from_left_to_right(shape, area, inks) -> None:  # type: ignore[no-untyped-def]
    """The area of a disc and of a regular octagon are known; rounded corners take next to nothing off."""
    mask = covered(shape())
    assert box(mask) == (0, 0, 100, 100)
    assert mask.mean() * 100**2 == pytest.approx(area, rel=0.01)
    assert colours(shape()) == inks


def test_a_triangle_is_equilateral_but_for_its_corners() -> None:
    left, top, right, bottom = box(covered(shapes.triangle_up()))
    assert (left, right) == (0, 100)
    assert bottom - top == pytest.approx(shapes.TRIANGLE_HEIGHT, abs=0.6)
    assert top == pytest.approx(shapes.TRIANGLE_TOP, abs=0.6)
    # Of a triangle with corners rounded by r the sides are 2 r (sqrt 3 - 1) longer than it is wide.
    side = 100 + 2 * 5 * (math.sqrt(3) - 1)
    lost = (3 * math.sqrt(3) - math.pi) * 5**2
    assert covered(shapes.triangle_up()).mean() * 100**2 == pytest.approx(side**2 * math.sqrt(3) / 4 - lost, rel=0.01)
    assert colours(shapes.triangle_up()) == {svg.RED, svg.WHITE}


def test_the_other_triangle_stands_on_its_tip() -> None:
    assert difference(covered(shapes.triangle_down()), covered(shapes.triangle_up())[::-1, ::-1]) < 0.001


def test_a_diamond_stands_on_its_corner() -> None:
    mask = covered(shapes.diamond())
    assert difference(mask, mask.T) < 0.001 and not mask[20, 20]
    assert colours(shapes.diamond()) >= {svg.WHITE, svg.BLACK, svg.YELLOW}


def test_five_lines_end_a_rule_from_lower_left_to_upper_right() -> None:
    ink = drawn(shapes.white_disc(), shapes.end_lines())
    dark = ink[..., 0] < 100
    # Across the lines, through the middle: in and out of each of the five.
    places = 60 * np.linspace(-1, 1, 400)
    rows, columns = (100 + places * part(math.radians(42)) for part in (math.sin, math.cos))
    assert rises(dark[rows.astype(int), columns.astype(int)]) == 5
