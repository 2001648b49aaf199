"""The distributions that the camera's factors follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Distribution(Protocol):
    """A distribution of real numbers within [`low`, `high`]."""

    @property
    def low(self) -> float:
        """The least value."""

    @property
    def high(self) -> float:
        """The greatest value."""

    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Independent values, float32 of `shape`."""


@dataclass(frozen=True)
class Uniform:
    """Every value of [`low`, `high`) alike."""

    low: float
    high: float

    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Independent values, float32 of `shape`."""
        return random.uniform(self.low, self.high, shape).astype(np.float32)


@dataclass(frozen=True)
class Normal:
    """Gaussian of `mean` and standard deviation `spread`; a value beyond `low` or `high` becomes that bound."""

    mean: float
    spread: float
    low: float
    high: float

    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Independent values, float32 of `shape`."""
        return random.normal(self.mean, self.spread, shape).clip(self.low, self.high).astype(np.float32)


@dataclass(frozen=True)
class LogNormal:
    """The logarithm is Gaussian around that of `median`, standard deviation `spread`; bounded as `Normal` is."""

    median: float
    spread: float
    low: float
    high: float

    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Independent values, float32 of `shape`."""
        values = self.median * np.exp(random.normal(0, self.spread, shape))
        return values.clip(self.low, self.high).astype(np.float32)
