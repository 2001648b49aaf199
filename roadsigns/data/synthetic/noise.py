"""Pictures of nothing at all: noise of pixels, around a colour, of patches, of waves."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...preprocess import SIZE, Pixels


def draw_noise(count: int, seed: int = 0) -> Pixels:
    """Draw noise of four kinds in turn: uint8 RGB `(count, 32, 32, 3)`; the same seed gives the same bytes."""
    random = np.random.default_rng(seed)
    kinds = (_pixels, _around_a_colour, _patches, _waves)
    drawn = [np.clip(kinds[i % 4](random), 0, 255).astype(np.uint8) for i in range(count)]
    return np.array(drawn, np.uint8).reshape(-1, SIZE, SIZE, 3)


def _pixels(random: np.random.Generator) -> Any:
    return random.integers(0, 256, (SIZE, SIZE, 3))


def _around_a_colour(random: np.random.Generator) -> Any:
    return random.uniform(0, 255, 3) + random.normal(0, 1, (SIZE, SIZE, 3)) * random.uniform(1, 60)


def _patches(random: np.random.Generator) -> Any:
    """A few random colours on a grid, with smooth passages between."""
    count = int(random.integers(2, 13))
    colours = random.uniform(0, 255, (count, count, 3))
    places = np.linspace(0, count - 1, SIZE)
    low = np.minimum(places.astype(int), count - 2)
    share = places - low
    share = (share * share * (3 - 2 * share))[:, np.newaxis, np.newaxis]
    rows = colours[low] * (1 - share) + colours[low + 1] * share
    share = share.transpose(1, 0, 2)
    return rows[:, low] * (1 - share) + rows[:, low + 1] * share


def _waves(random: np.random.Generator) -> Any:
    y, x = np.mgrid[:SIZE, :SIZE] / (SIZE - 1)
    angle, frequency, phase = random.uniform(0, 2 * np.pi, 3) * [1, 2, 1]
    wave = np.sin(frequency * np.pi * (x * np.cos(angle) + y * np.sin(angle)) + phase)[..., np.newaxis]
    dark, light = random.uniform(0, 255, (2, 3))
    return dark + (light - dark) * (wave + 1) / 2 + random.normal(0, 4, (SIZE, SIZE, 3))
