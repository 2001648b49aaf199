"""What hypothesis draws for these tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from pictures import draw_signs

Pixels = npt.NDArray[np.uint8]

SEEDS = st.integers(0, 2**32 - 1)


def images(max_batch: int = 4) -> st.SearchStrategy[Pixels]:
    """uint8 `(N, 32, 32, 3)`, N from 0: noise, flat, two-coloured, gradients and drawn signs."""
    return st.builds(lambda kind, n, seed: kind(n, seed), st.sampled_from(_KINDS), st.integers(0, max_batch), SEEDS)


def layouts() -> st.SearchStrategy[Callable[[Pixels], Pixels]]:
    """Functions that lay the same pixels out in memory in another way: some not contiguous, some read-only."""
    return st.sampled_from([_as_is, _backwards, _every_other, _fortran, _read_only])


def batches(max_batch: int = 4) -> st.SearchStrategy[npt.NDArray[np.float32]]:
    """A network's `x`: float32 `(N, 32, 32, 1)` in [0, 1], N from 0."""

    def make(n: int, seed: int) -> npt.NDArray[np.float32]:
        return np.random.default_rng(seed).random((n, 32, 32, 1), np.float32)

    return st.builds(make, st.integers(0, max_batch), SEEDS)


KEEPS = st.floats(2**-20, 1, width=32)
"""Keep probabilities."""


def _noise(n: int, seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def _flat(n: int, seed: int) -> Pixels:
    return np.broadcast_to(_noise(n, seed)[:, :1, :1], (n, 32, 32, 3)).copy()


def _two_coloured(n: int, seed: int) -> Pixels:
    mask = np.random.default_rng(seed).random((n, 32, 32, 1)) < 0.5
    return np.where(mask, _flat(n, seed), _flat(n, seed + 1))


def _gradient(n: int, seed: int) -> Pixels:
    slopes = np.random.default_rng(seed).integers(-8, 9, (n, 2, 1, 1, 3))
    row, column = np.mgrid[:32, :32][..., np.newaxis]
    return (128 + slopes[:, 0] * (row - 16) + slopes[:, 1] * (column - 16)).clip(0, 255).astype(np.uint8)


def _signs(n: int, seed: int) -> Pixels:
    return draw_signs(n, seed)[0]


_KINDS = (_noise, _flat, _two_coloured, _gradient, _signs)


def _as_is(pixels: Pixels) -> Pixels:
    return pixels


def _backwards(pixels: Pixels) -> Pixels:
    return pixels[:, ::-1, :, ::-1].copy()[:, ::-1, :, ::-1]


def _every_other(pixels: Pixels) -> Pixels:
    return np.repeat(pixels, 2, axis=2)[:, :, ::2]


def _fortran(pixels: Pixels) -> Pixels:
    return np.asfortranarray(pixels)


def _read_only(pixels: Pixels) -> Pixels:
    pixels = pixels.copy()
    pixels.flags.writeable = False
    return pixels
