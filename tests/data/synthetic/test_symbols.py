"""What else warns: a crystal of six arms, a mark, lights in their order."""

from __future__ import annotations

import pytest

from drawings import covered, difference, drawn
from roadsigns.data.synthetic import symbols
from roadsigns.data.synthetic.svg import GREEN, RED, YELLOW, place


def test_a_crystal_is_the_same_after_a_sixth_of_a_turn() -> None:
    crystal = place(symbols.crystal(), 0, -13)  # its middle is at (50, 50) now
    turned = place(place(crystal, -50, -50), 50, 50, turn=60)
    assert difference(covered(crystal), covered(place(place(crystal, -50, -50), 50, 50, turn=30))) > 0.01
    assert difference(covered(crystal), covered(turned)) < 0.01


@pytest.mark.parametrize("symbol", [symbols.exclamation, symbols.bumps, symbols.traffic_light])
def test_some_symbols_are_alike_on_both_sides(symbol) -> None:  # type: ignore[no-untyped-def]
    mask = covered(symbol())
    assert difference(mask, mask[:, ::-1]) < 0.004


def test_lights_are_red_yellow_and_green_from_above() -> None:
    picture = drawn(symbols.traffic_light())
    found = ["#" + bytes(picture[2 * y, 100, :3].astype(int).tolist()).hex() for y in (43, 57, 73)]
    assert found == [RED, YELLOW, GREEN]


def test_a_road_narrows_from_the_right() -> None:
    mask = covered(symbols.narrow_right())
    below, above = mask[155], mask[95]
    assert below.nonzero()[0].max() > above.nonzero()[0].max() + 5
    assert below.nonzero()[0].min() == above.nonzero()[0].min()


def test_the_older_crystal_stands_over_a_car() -> None:
    from roadsigns.data.synthetic.vehicles import car

    mask, lone = covered(symbols.crystal_over_car(car())), covered(symbols.crystal_over_car(""))
    assert not (lone & ~mask).any() and (mask & ~lone)[110:160].any() and not (mask & ~lone)[:105].any()
