"""Prints of a design: the outline stays, the inside grows or shrinks, lines thicken or thin."""

from __future__ import annotations

import numpy as np
import pytest

from roadsigns.data import synthetic
from roadsigns.data.synthetic.prints import SIZE, STROKES, outline, printed


def pixels(class_id: int, swell: int = 0, stroke: int = 0) -> np.ndarray:
    return np.asarray(printed(synthetic.variants(class_id)[0], swell)[STROKES.index(stroke)]).astype(float)


def dark(class_id: int, swell: int = 0, stroke: int = 0) -> np.ndarray:
    """Where the middle two thirds of a sign are dark."""
    return pixels(class_id, swell, stroke)[SIZE // 6 : -SIZE // 6, SIZE // 6 : -SIZE // 6, :3].max(axis=2) < 128


@pytest.mark.parametrize("class_id", [2, 13, 14, 40])
def test_neither_is_the_drawing_itself(class_id: int) -> None:
    drawing = synthetic.render(synthetic.variants(class_id)[0], SIZE).astype(float)
    drawing[..., :3] *= drawing[..., 3:] / 255
    assert np.abs(pixels(class_id) - drawing).max() <= 1


@pytest.mark.parametrize("class_id", [2, 13, 14, 12, 18])
@pytest.mark.parametrize("swell", [-2, 1, 3])
@pytest.mark.parametrize("stroke", [-1, 0, 1])
def test_the_outline_stays(class_id: int, swell: int, stroke: int) -> None:
    difference = np.abs(pixels(class_id, swell, stroke)[..., 3] - pixels(class_id)[..., 3])
    assert np.mean(difference > 128) < 0.005


def test_swelling_enlarges_the_inside() -> None:
    """Class 2 has two digits in its middle, which keep their place."""
    areas = [np.count_nonzero(dark(2, swell)) for swell in (-2, -1, 0, 1, 2)]
    assert areas == sorted(areas)
    # The digits' own edges are already nearer to the outline, where less is stretched.
    assert 1.1 < areas[4] / areas[2] < 1.16**2
    rows, columns = np.nonzero(dark(2, 2))
    assert np.array([rows.mean(), columns.mean()]) == pytest.approx(np.full(2, SIZE / 3), abs=1.5)


def test_swelling_keeps_straight_edges_straight() -> None:
    """Where the white of a triangle ends above its lower edge is one row."""
    white = pixels(18, 2)[SIZE // 2 : 84, 30:45, 1] > 100
    ends = [np.nonzero(column)[0].max() for column in white.T]
    assert max(ends) - min(ends) <= 1


def test_strokes_thicken_and_thin() -> None:
    areas = [np.count_nonzero(dark(2, 0, stroke)) for stroke in (-1, 0, 1)]
    assert areas[0] < 0.97 * areas[1] < areas[1] < 0.97 * areas[2]


@pytest.mark.parametrize("design", synthetic.every(), ids=lambda each: f"{each.class_id}-{each.name.replace(' ', '-')}")
def test_outline_lies_on_the_box(design: synthetic.Design) -> None:
    points = outline(design)
    assert points.shape == (72, 2)
    assert [*points.min(axis=0), *points.max(axis=0)] == pytest.approx(np.array(design.box), abs=1.6)
