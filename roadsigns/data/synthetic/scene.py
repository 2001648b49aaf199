"""The background of a sign: sky, leaves, walls, roads, a pole, another sign."""

from __future__ import annotations

import numpy as np

from .designs import every
from .distributions import Floats
from .frames import Frames, spread, step
from .svg import CANVAS
from .textures import clouds
from .view import film

# Two ends of the colour, and of how much the texture's light varies (deviation of the logarithm).
_MATERIALS = (
    ((0.55, 0.65, 0.80), (1.00, 1.00, 1.00), (0.00, 0.05)),  # clear sky
    ((0.50, 0.52, 0.55), (0.95, 0.97, 1.00), (0.02, 0.15)),  # clouds
    ((0.03, 0.04, 0.02), (0.25, 0.30, 0.15), (0.20, 0.80)),  # leaves
    ((0.06, 0.05, 0.03), (0.35, 0.28, 0.18), (0.20, 0.70)),  # branches, earth
    ((0.25, 0.20, 0.17), (0.80, 0.75, 0.68), (0.02, 0.20)),  # walls
    ((0.15, 0.15, 0.15), (0.45, 0.45, 0.47), (0.02, 0.25)),  # road, roofs
    ((0.01, 0.01, 0.01), (0.12, 0.12, 0.12), (0.05, 0.40)),  # deep shade
)
_SHARES = (0.16, 0.16, 0.24, 0.12, 0.14, 0.10, 0.08)
_LOWS, _HIGHS, _ROUGHNESS = (np.array(each, np.float32) for each in zip(*_MATERIALS, strict=True))
_LAYERS = 3
GREY = 0.5
"""The light of a background that is switched off."""


def scene(frames: Frames) -> Floats:
    """The light behind the signs, `(3, N, S, S)`."""
    light = _background(frames)
    light *= np.exp(-frames.amount("sky") * frames.y)
    _add_pole(frames, light)
    _add_plate(frames, light)
    _add_neighbour(frames, light)
    return light


def _background(frames: Frames) -> Floats:
    """Layers of materials: each covers those before on one side of a straight or ragged edge."""
    plain = frames.amounts["background"] == 0
    light = _material(frames)
    random = frames.random("background")
    for _ in range(1, _LAYERS):
        noise = clouds(random, len(frames), frames.side)
        ragged = noise * frames.somewhere("background", 0, 1) ** 2 * np.float32(0.6)
        distance = frames.edge("background", 0.9, ragged)
        softness = np.exp(frames.somewhere("background", np.log(0.02), np.log(1.0)))
        mask = step(distance, softness)
        light += mask * (_material(frames) - light)
    if plain.any():
        light[:, plain] = GREY
    return light


def _material(frames: Frames) -> Floats:
    """One material all over the canvas."""
    random, count = frames.random("background"), len(frames)
    kind = random.choice(len(_SHARES), count, p=_SHARES)
    share = random.random((count, 1), np.float32)
    colour = _LOWS[kind] + share * (_HIGHS[kind] - _LOWS[kind])
    colour *= np.exp(random.normal(0, 0.08, (count, 3))).astype(np.float32)
    low, high = _ROUGHNESS[kind].T[:, :, None, None]
    rough = (low + frames.somewhere("background", 0, 1) * (high - low)) * frames.amount("background")
    noise = np.exp(rough * clouds(random, count, frames.side))
    slope = 1 + frames.somewhere("background", -0.15, 0.15) * (
        frames.y + frames.somewhere("background", -1, 1) * frames.x
    )
    return np.asarray(spread(colour) * (noise * slope), np.float32)


def _add_pole(frames: Frames, light: Floats) -> None:
    chosen, poled = frames.having("pole")
    place, grey = poled.somewhere("pole", -0.08, 0.08), poled.somewhere("pole", 0.1, 0.8)
    top = np.where(poled.somewhere("pole", 0, 1) < 0.3, np.float32(-9), np.float32(0))
    across = (poled.x - place) / poled.amount("pole")
    # A tube is brighter in its middle, and most on the side of the light.
    shine = 1 - (across - poled.somewhere("pole", -0.4, 0.4)) ** 2
    mask = (np.abs(across) < 0.5) & (poled.y > top)
    part = light[:, chosen]
    light[:, chosen] = part + mask * (grey * shine - part)


def _add_plate(frames: Frames, light: Floats) -> None:
    """A white plate that limits the sign, right below it and lit as it is."""
    chosen, plated = frames.having("plate")
    top, half = plated.somewhere("plate", 0.5, 0.62), plated.somewhere("plate", 0.3, 0.6)
    bright = plated.somewhere("plate", 0.6, 1) * plated.amount("contrast")
    inside = (np.abs(plated.x) < half) & (plated.y > top) & (plated.y < top + plated.amount("plate"))
    part = light[:, chosen]
    light[:, chosen] = part + inside * (bright - part)


def _add_neighbour(frames: Frames, light: Floats) -> None:
    random = frames.random("neighbour")
    designs = every()
    which = random.integers(len(designs), size=len(frames))
    side = random.choice([-1.0, 1.0], len(frames))
    bright = random.uniform(0.4, 1.2, len(frames)).astype(np.float32)
    view = frames.view
    for index in np.flatnonzero(frames.amounts["neighbour"]):
        away = side[index] * CANVAS * float(frames.amounts["neighbour"][index])
        shifted = np.array([[1, 0, 0], [0, 1, -away], [0, 0, 1]]) @ view.from_pixels[index]
        sign = film(designs[which[index]], view.size[index], shifted, frames.side).transpose(2, 0, 1) / np.float32(255)
        light[:, index] += sign[:3] * bright[index] - sign[3] * light[:, index]


def add_branches(frames: Frames, light: Floats) -> None:
    """Leaves before everything, where the noise is highest."""
    random, side = frames.random("branches"), frames.side
    for index in np.flatnonzero(frames.amounts["branches"]):
        noise, texture = clouds(random, 2, side, slope=1)
        mask = step(noise - np.quantile(noise, 1 - frames.amounts["branches"][index]), 0.3)
        colour = random.uniform((0.02, 0.03, 0.01), (0.2, 0.22, 0.12)).astype(np.float32)
        leaves = colour[:, None, None] * np.exp(np.float32(0.4) * texture)
        light[:, index] += mask * (leaves - light[:, index])
