"""Pictures in the making: what the rooms of the camera hand on to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .distributions import Floats
from .view import View


@dataclass(frozen=True)
class Frames:
    """Some pictures on canvases of one size, each crop in the upper left corner of its canvas.

    Light is float32 `(3, N, S, S)`, colours first so that masks `(N, S, S)` apply to all three.

    Attributes:
        amounts: of each factor for these pictures.
        view: where the signs stand.
        side: height and width of the canvases in pixels.
        random: the stream of a factor.
    """

    amounts: Mapping[str, Floats]
    view: View
    side: int
    random: Callable[[str], np.random.Generator]

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.view.width)

    @cached_property
    def x(self) -> Floats:
        """Distance of each pixel from the sign's middle to the right, in signs: `(N, 1, S)`."""
        return self._distance(0)[:, None, :]

    @cached_property
    def y(self) -> Floats:
        """The same downwards: `(N, S, 1)`."""
        return self._distance(1)[:, :, None]

    def _distance(self, axis: int) -> Floats:
        pixels = np.arange(self.side, dtype=np.float32) + np.float32(0.5)
        return (pixels - self.view.centre[:, axis, None]) / self.view.extent[:, axis, None]

    def having(self, name: str) -> tuple[npt.NDArray[np.int64], Frames]:
        """The pictures that have a factor which is off at 0: their indices, and `Frames` of these pictures alone."""
        chosen = np.flatnonzero(self.amounts[name])
        amounts = {each: values[chosen] for each, values in self.amounts.items()}
        return chosen, Frames(amounts, self.view[chosen], self.side, self.random)

    def amount(self, name: str) -> Floats:
        """The amounts of a factor, in a shape that applies to masks: `(N, 1, 1)`."""
        return self.amounts[name][:, None, None]

    def somewhere(self, name: str, low: float, high: float) -> Floats:
        """A number of the factor's stream for each picture: `(N, 1, 1)`."""
        return self.random(name).uniform(low, high, (len(self), 1, 1)).astype(np.float32)

    def edge(self, name: str, reach: float, ragged: Floats | float = 0) -> Floats:
        """Distance, in signs, from a line at a random angle that passes the sign's middle at most `reach` away."""
        angle = self.somewhere(name, 0, 2 * np.pi)
        distance = np.cos(angle) * self.x + np.sin(angle) * self.y + self.somewhere(name, -reach, reach) + ragged
        return np.asarray(distance, np.float32)


def step(distance: Floats, softness: Floats | float) -> Floats:
    """0 before a line and 1 behind it, across `softness` around it."""
    return np.asarray(np.clip(distance / softness + np.float32(0.5), 0, 1), np.float32)


def spread(colours: Floats) -> Floats:
    """Colours `(N, 3)` in a shape that applies to light: `(3, N, 1, 1)`."""
    return np.ascontiguousarray(colours.T)[:, :, None, None]
