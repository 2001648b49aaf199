"""Cars, lorries and a bicycle: their widths, the line that they stand on, their symmetry."""

from __future__ import annotations

import pytest

from drawings import box, colours, covered, difference
from roadsigns.data.synthetic import svg, vehicles
from roadsigns.data.synthetic.svg import place


@pytest.mark.parametrize(
    ("part", "width"),
    [
        (vehicles.car(), 29),
        (vehicles.lorry_behind(svg.RED), 28),
        (vehicles.lorry_left(), 54),
        (vehicles.lorry_with_bonnet(), 54.5),
    ],
)
def test_a_vehicle_has_its_width_and_stands_on_its_origin(part: str, width: float) -> None:
    left, _, right, bottom = box(covered(place(part, 50, 60)))
    assert right - left == pytest.approx(width, abs=0.6) and bottom == pytest.approx(60, abs=0.5)


@pytest.mark.parametrize("part", [vehicles.car(svg.RED), vehicles.lorry_behind(svg.RED)])
def test_from_behind_both_sides_are_alike(part: str) -> None:
    mask = covered(place(part, 50, 60))
    assert difference(mask, mask[:, ::-1]) < 0.002 and colours(place(part, 50, 60)) == {svg.RED}


def test_a_car_has_a_window() -> None:
    mask = covered(place(vehicles.car(), 50, 60, scale=2))
    assert not mask[2 * (60 - 28), 100] and mask[2 * (60 - 16), 100]


def test_a_bicycle_has_two_wheels_of_one_size() -> None:
    row = covered(vehicles.bicycle())[int(2 * (6.5 + 0.92 * 78)) :]
    middle = box(row)
    assert middle[0] < 35 < 65 < middle[2]
    assert not row[:, 95:115].any()


def test_a_skidding_car_leaves_two_tracks() -> None:
    below = covered(vehicles.skid())[136:]
    assert below.any() and colours(vehicles.skid()) == {svg.BLACK}
