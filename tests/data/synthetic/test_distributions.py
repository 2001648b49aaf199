"""The distributions: their moments, their bounds, the type of what they draw."""

from __future__ import annotations

import numpy as np
import pytest

from roadsigns.data.synthetic.distributions import Distribution, LogNormal, Normal, Uniform


@pytest.mark.parametrize(
    ("law", "mean", "deviation"),
    [
        (Uniform(-1, 3), 1, 4 / np.sqrt(12)),
        (Normal(2, 0.5, -9, 9), 2, 0.5),
        (LogNormal(2, 0.25, 0, 99), 2 * np.exp(0.25**2 / 2), 2 * np.exp(0.25**2 / 2) * np.sqrt(np.exp(0.25**2) - 1)),
    ],
)
def test_moments_are_those_of_the_textbook(law: Distribution, mean: float, deviation: float) -> None:
    values = law.draw(np.random.default_rng(0), (200, 500))
    assert values.shape == (200, 500) and values.dtype == np.float32
    assert values.mean() == pytest.approx(mean, abs=0.01) and values.std() == pytest.approx(deviation, rel=0.02)


@pytest.mark.parametrize("law", [Normal(0, 5, -1, 2), LogNormal(1, 5, 0.5, 2), Uniform(-1, 2)])
def test_nothing_is_beyond_the_bounds_and_what_would_be_lands_on_them(law: Distribution) -> None:
    values = law.draw(np.random.default_rng(1), (10_000,))
    assert values.min() >= law.low and values.max() <= law.high
    assert isinstance(law, Uniform) or (np.mean(values == law.low) > 0.2 and np.mean(values == law.high) > 0.2)
