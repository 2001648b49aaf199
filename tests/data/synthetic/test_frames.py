"""Pictures in the making: distances in signs, masks and the choice of some pictures."""

from __future__ import annotations

import numpy as np
import pytest

from roadsigns.data.synthetic.frames import Frames, spread, step
from roadsigns.data.synthetic.view import View


@pytest.fixture
def frames() -> Frames:
    """Two pictures: of one the sign's middle is at (2, 3) and its extent 4 x 8, the other has no shadow."""
    two = np.array([8, 6])
    centre, extent = np.float32([[2, 3], [1, 1]]), np.float32([[4, 8], [2, 2]])
    view = View(np.stack([np.eye(3), 2 * np.eye(3)]), np.float32([4, 2]), two, two, centre, extent)
    return Frames({"shadow": np.float32([0.5, 0])}, view, 8, lambda name: np.random.default_rng(len(name)))


def test_distances_are_in_signs_from_their_middles(frames: Frames) -> None:
    assert frames.x.shape == (2, 1, 8) and frames.y.shape == (2, 8, 1) and len(frames) == 2
    assert frames.x[0, 0, 0] == (0.5 - 2) / 4 and frames.y[0, 7, 0] == (7.5 - 3) / 8
    assert frames.x[1, 0, 1] == (1.5 - 1) / 2


def test_those_that_have_a_factor_are_chosen_with_all_that_is_theirs(frames: Frames) -> None:
    chosen, alone = frames.having("shadow")
    assert chosen.tolist() == [0] and len(alone) == 1 and alone.amount("shadow").tolist() == [[[0.5]]]
    np.testing.assert_array_equal(alone.x, frames.x[:1])
    np.testing.assert_array_equal(alone.view.from_pixels, np.eye(3)[None])


def test_an_edge_passes_within_its_reach(frames: Frames) -> None:
    """The middle of a sign is no farther from the line than that."""
    for reach in (0.0, 0.4):
        distance = frames.edge("shadow", reach)
        middle = np.abs(distance[0][(np.abs(frames.y[0]) < 0.1) & (np.abs(frames.x[0]) < 0.15)])
        assert middle.max() <= reach + 0.25
    ragged = frames.edge("shadow", 0.4, np.float32(3))
    np.testing.assert_allclose(ragged, frames.edge("shadow", 0.4) + 3, rtol=1e-5)


def test_a_step_goes_from_0_to_1_around_its_line() -> None:
    found = step(np.float32([-1, -0.25, 0, 0.25, 1]), np.float32(1))
    assert found.tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_colours_apply_to_light() -> None:
    light = np.ones((3, 2, 4, 4), np.float32) * spread(np.float32([[1, 2, 3], [4, 5, 6]]))
    assert light[:, 1, 0, 0].tolist() == [4, 5, 6]
