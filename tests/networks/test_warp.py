"""Bilinear sampling against SciPy's."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from roadsigns.networks.warp import AffineWarp, sample


def test_affine_warp_is_the_identity_to_the_bit_where_the_map_is() -> None:
    pictures = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    identity = np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (2, 1))
    np.testing.assert_allclose(AffineWarp()([pictures, identity]), pictures, atol=1e-5)


def test_affine_warp_is_scipys() -> None:
    random = np.random.default_rng(0)
    pictures = random.random((3, 12, 16, 2), np.float32)
    maps = (np.array([1, 0, 0, 0, 1, 0]) + random.normal(0, 0.3, (3, 6))).astype(np.float32)
    found = np.asarray(AffineWarp()([pictures, maps]))
    for picture, (a, b, c, d, e, f), answer in zip(pictures, maps, found, strict=True):
        # Places in pixels, rows first: v = (row - 5.5) / 5.5, u = (column - 7.5) / 7.5.
        matrix = np.array([[e, d * 5.5 / 7.5], [b * 7.5 / 5.5, a]])
        centre = np.array([5.5, 7.5])
        offset = centre + np.array([f * 5.5, c * 7.5]) - matrix @ centre
        for channel in range(2):
            expected = ndimage.affine_transform(picture[..., channel], matrix, offset, order=1, mode="nearest")
            np.testing.assert_allclose(answer[..., channel], expected, atol=1e-4)


def test_sample_is_scipys_bilinear_interpolation_with_the_edge_repeated() -> None:
    random = np.random.default_rng(0)
    pictures = random.random((3, 20, 32, 2)).astype(np.float32)
    x, y = random.uniform(-5, 40, (2, 3, 500)).astype(np.float32)
    found = np.asarray(sample(pictures, x, y))
    for picture, columns, rows, answer in zip(pictures, x, y, found, strict=True):
        for channel in range(2):
            expected = ndimage.map_coordinates(picture[..., channel], [rows, columns], order=1, mode="nearest")
            np.testing.assert_allclose(answer[:, channel], expected, atol=1e-5)
