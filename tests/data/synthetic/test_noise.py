"""Noise: four kinds, the same by a seed, none of them flat."""

import numpy as np
import pytest

from roadsigns.data.synthetic import draw_noise


def test_noise_is_pictures_and_the_same_by_a_seed():
    pictures = draw_noise(9, seed=3)
    assert (pictures.dtype, pictures.shape) == (np.uint8, (9, 32, 32, 3))
    np.testing.assert_array_equal(pictures, draw_noise(9, seed=3))
    assert not np.array_equal(pictures, draw_noise(9, seed=4))
    assert len({picture.tobytes() for picture in pictures}) == 9


@pytest.mark.parametrize("count", [0, 1])
def test_few_are_few(count):
    assert draw_noise(count).shape == (count, 32, 32, 3)


def test_kinds_differ_in_how_neighbours_resemble_each_other():
    steps = np.abs(np.diff(draw_noise(400, seed=1).astype(int), axis=2)).mean(axis=(1, 2, 3)).reshape(100, 4).mean(0)
    pixels, around, patches, waves = steps
    assert pixels == pytest.approx(256 / 3, rel=0.02)  # of two uniform numbers
    assert patches < around < pixels and waves < around
