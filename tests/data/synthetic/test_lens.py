"""What the optics do to the light."""

from __future__ import annotations

import numpy as np
import pytest

from cameras import PLAIN, always, take
from roadsigns.data.synthetic.frames import Frames
from roadsigns.data.synthetic.lens import blur
from roadsigns.data.synthetic.view import View


def test_defocus_and_motion_spread_light() -> None:
    def sharpness(pictures: np.ndarray) -> float:
        return float(np.abs(np.diff(pictures, axis=2)).mean())

    plain = sharpness(take(PLAIN, 14))
    assert sharpness(take(always("defocus", 1.0), 14)) < 0.75 * plain
    across, down = take(always("motion", 0.12), 32, 60), take(PLAIN, 32, 1)
    assert sharpness(across) < 0.9 * sharpness(down)


def test_blur_keeps_the_light() -> None:
    assert take(always("defocus", 1.5), 14).mean() == pytest.approx(take(PLAIN, 14).mean(), rel=0.01)


def frames(side: int = 15, **amounts: float) -> Frames:
    """One picture of `side` pixels whose sign is 10 wide, with these amounts and all others switched off."""
    given = {name: getattr(PLAIN, name).draw(np.random.default_rng(0), 1) for name in PLAIN.names()}
    given |= {name: np.full_like(given[name], amount) for name, amount in {"defocus": 0.0, **amounts}.items()}
    one = np.ones(1, np.int64)
    view = View(np.eye(3)[None], np.float32([10]), side * one, side * one, np.float32([[7, 7]]), np.float32([[10, 10]]))
    return Frames(given, view, side, lambda name: np.random.default_rng(0))


def point(side: int = 15) -> np.ndarray:
    light = np.zeros((3, 1, side, side), np.float32)
    light[:, 0, 7, 7] = 1
    return light


def test_a_sharp_lens_leaves_the_light_as_it_is() -> None:
    np.testing.assert_allclose(blur(frames(), point()), point(), atol=1e-6)


def test_a_point_spreads_as_a_gaussian_of_the_defocus() -> None:
    spread = blur(frames(defocus=1.0), point())[0, 0]
    assert spread.sum() == pytest.approx(1, abs=0.01)
    assert spread[7, 8] / spread[7, 7] == pytest.approx(np.exp(-0.5), rel=0.01)


def test_red_and_blue_meet_away_from_green() -> None:
    places = [np.unravel_index(each.argmax(), each.shape) for each in blur(frames(fringe=1.0), point())[:, 0]]
    red, green, blue = np.array(places).tolist()
    assert green == [7, 7] and sorted([red, blue]) == [[6, 6], [8, 8]]
