"""Noise that repeats, cuts out of it, and the sizes that prints are kept in."""

from __future__ import annotations

import numpy as np
import pytest

from roadsigns.data import synthetic
from roadsigns.data.synthetic import textures


def test_tiles_are_standardised_and_the_steeper_the_smoother() -> None:
    tiles = textures.tiles()
    assert tiles.shape == (4, textures.TILE, textures.TILE) and tiles.dtype == np.float32
    np.testing.assert_allclose(tiles.mean(axis=(1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(tiles.std(axis=(1, 2)), 1, rtol=1e-4)
    rough = np.abs(np.diff(tiles, axis=2)).mean(axis=(1, 2))
    assert (np.diff(rough) < 0).all()
    seam = np.abs(tiles[:, :, 0] - tiles[:, :, -1]).mean(axis=1)
    assert (seam < 1.5 * rough).all(), "they repeat at their edges"


@pytest.mark.parametrize("slope", [None, 0, 3])
def test_clouds_are_cuts_out_of_the_tiles(slope: int | None) -> None:
    cuts = textures.clouds(np.random.default_rng(3), 3, 40, slope)
    bank = textures.tiles() if slope is None else textures.tiles()[[slope]]
    for cut in cuts:
        corners = np.argwhere(bank == cut[0, 0])
        assert any(np.array_equal(bank[k, y : y + 40, x : x + 40], cut) for k, y, x in corners)


def test_grain_is_smooth_over_two_pixels_and_no_more() -> None:
    grain = textures.grain(np.random.default_rng(0), 20, 64)
    assert grain.std() == pytest.approx(1, rel=0.03)
    near, far = ((grain[..., :-step] * grain[..., step:]).mean() for step in (1, 2))
    assert near == pytest.approx(0.5, abs=0.03) and far == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize(("asked", "kept"), [(3, 17), (17, 17), (18, 24), (96, 96), (500, 96)])
def test_a_print_is_taken_in_the_next_larger_size(asked: float, kept: int) -> None:
    picture, per_unit, border = textures.level(synthetic.variants(14)[0], asked)
    assert picture.size == (kept + 2 * border, kept + 2 * border) and per_unit == kept / 100
    assert not np.asarray(picture)[:border].any(), "what is around it is empty"
