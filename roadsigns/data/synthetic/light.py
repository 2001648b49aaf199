"""How a scene is lit: shade and sun, glare, haze, and how long the shutter stays open."""

from __future__ import annotations

import numpy as np

from .distributions import Floats
from .frames import Frames, step
from .textures import clouds


def balance(frames: Frames, scene: Floats) -> None:
    """Light the scene so that the sign gets `contrast` times as much, in place."""
    scene /= frames.amount("contrast")


def illuminate(frames: Frames, light: Floats) -> None:
    """Shadows, glare and haze, then exposure to the mean that the picture shall have, in place."""
    _cast_shadow(frames, light)
    _dazzle(frames, light)
    inside = _inside(frames)
    mean = (light.mean(axis=0) * inside).sum(axis=(1, 2), keepdims=True) / inside.sum(axis=(1, 2), keepdims=True)
    haze = frames.amount("haze") * mean
    light += haze
    light *= frames.amount("exposure") / np.maximum(mean + haze, np.float32(1e-3))


def _inside(frames: Frames) -> Floats:
    """1 in the crop, 0 in the rest of the canvas: `(N, S, S)`."""
    pixel = np.arange(frames.side)
    rows, columns = pixel < frames.view.height[:, None], pixel < frames.view.width[:, None]
    return (rows[:, :, None] & columns[:, None, :]).astype(np.float32)


def _cast_shadow(frames: Frames, light: Floats) -> None:
    chosen, shaded = frames.having("shadow")
    ragged = clouds(shaded.random("shadow"), len(shaded), shaded.side) * shaded.somewhere("shadow", 0, 0.4)
    where = step(shaded.edge("shadow", 0.4, ragged), shaded.somewhere("shadow", 0.03, 0.4))
    light[:, chosen] *= 1 - shaded.amount("shadow") * where


def _dazzle(frames: Frames, light: Floats) -> None:
    chosen, dazzled = frames.having("glare")
    x, y = (each - dazzled.somewhere("glare", -0.6, 0.6) for each in (dazzled.x, dazzled.y))
    light[:, chosen] += dazzled.amount("glare") * np.exp(-(x**2 + y**2) / dazzled.somewhere("glare", 0.1, 1))
