"""The camera's table: what it says of each factor is what is drawn."""

from __future__ import annotations

import dataclasses
import math
import re

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from roadsigns.data.synthetic import Camera, Factor
from roadsigns.data.synthetic.distributions import LogNormal, Normal, Uniform

CAMERA = Camera()
FACTORS = {item.name: getattr(CAMERA, item.name) for item in dataclasses.fields(Camera)}
each_factor = pytest.mark.parametrize("name", FACTORS)
COUNT = 20_000


def drawn(factor: Factor, count: int = COUNT) -> np.ndarray:
    return factor.draw(np.random.default_rng(1), count)


def bounded_mean(distribution: Uniform | Normal | LogNormal) -> float:
    """The mean of a distribution by numeric integration over a million quantiles of its unbounded form."""
    from statistics import NormalDist

    share = (np.arange(100_000) + 0.5) / 100_000
    if isinstance(distribution, Uniform):
        return float((distribution.low + share * (distribution.high - distribution.low)).mean())
    deviates = np.array([NormalDist().inv_cdf(each) for each in share[::20]])
    if isinstance(distribution, Normal):
        values = distribution.mean + distribution.spread * deviates
    else:
        values = distribution.median * np.exp(distribution.spread * deviates)
    return float(values.clip(distribution.low, distribution.high).mean())


@each_factor
def test_amounts_have_the_stated_bounds_mean_and_share(name: str) -> None:
    factor = FACTORS[name]
    amounts = drawn(dataclasses.replace(factor, chance=1.0))
    assert amounts.dtype == np.float32
    assert amounts.shape == ((COUNT,) if factor.parts == 1 else (COUNT, factor.parts))
    low, high = factor.distribution.low, factor.distribution.high
    assert np.float32(low) <= amounts.min() and amounts.max() <= np.float32(high)
    error = 5 * float(amounts.std()) / math.sqrt(COUNT)
    assert amounts.mean() == pytest.approx(bounded_mean(factor.distribution), abs=error + 1e-3 * high)


@each_factor
def test_as_many_pictures_have_it_as_is_said(name: str) -> None:
    factor = FACTORS[name]
    amounts = drawn(factor).reshape(COUNT, -1)
    has = (amounts != np.float32(factor.off)).any(axis=1).mean()
    assert has == pytest.approx(factor.chance, abs=0.02)


@each_factor
def test_switched_off_changes_nothing(name: str) -> None:
    camera = CAMERA.without(name)
    assert np.all(drawn(getattr(camera, name)) == np.float32(FACTORS[name].off))
    others = {other: getattr(camera, other) for other in FACTORS if other != name}
    assert others == {other: factor for other, factor in FACTORS.items() if other != name}


def test_only_leaves_the_named_ones() -> None:
    camera = CAMERA.only("noise", "size")
    assert {name for name in FACTORS if getattr(camera, name).chance} == {"noise", "size"}


@pytest.mark.parametrize("method", [CAMERA.without, CAMERA.only])
def test_no_such_factor(method: object) -> None:
    message = "Invalid value for `names`: expected factors of size, turn, "
    with pytest.raises(ValueError, match=re.escape(message) + ".*Received: 'fog'"):
        method("fog")  # type: ignore[operator]


@each_factor
def test_every_factor_is_explained(name: str) -> None:
    factor = FACTORS[name]
    assert factor.about and "\n" not in factor.about
    assert 0 < factor.chance <= 1 and factor.distribution.low < factor.distribution.high


@hypothesis.given(st.floats(-10, 10), st.floats(0.01, 5), st.integers(0, 2**32 - 1))
def test_laws_stay_within_their_bounds(middle: float, spread: float, seed: int) -> None:
    distributions = [
        Uniform(middle, middle + spread),
        Normal(middle, 3 * spread, middle - spread, middle + spread),
        LogNormal(spread, 2, spread / 2, spread * 2),
    ]
    for distribution in distributions:
        values = distribution.draw(np.random.default_rng(seed), (50,))
        assert values.dtype == np.float32 and values.shape == (50,)
        assert np.float32(distribution.low) <= values.min() and values.max() <= np.float32(distribution.high)
