"""What years by the road do to a sign: other pigments, fading, dirt, stickers."""

from __future__ import annotations

import numpy as np

from .distributions import Floats
from .frames import Frames, spread, step
from .textures import clouds

_LUMINANCE = np.array([0.30, 0.59, 0.11], np.float32)[:, None, None, None]


def weather(frames: Frames, sign: Floats) -> None:
    """Wear signs, in place.

    Args:
        frames: the pictures.
        sign: float32 `(4, N, S, S)`: red, green and blue multiplied by alpha, and alpha.
    """
    colour, alpha = sign[:3], sign[3]
    # Shades of a chart are about the root of the light, as eyes see it: the light of black, red and blue is less.
    tone = frames.amount("tone")
    colour *= 1 - tone + tone * colour
    colour *= spread(frames.amounts["pigment"])
    fading = frames.amount("fading")
    if fading.any():
        # Faded paint goes grey and pale, black as well as red.
        pale = np.float32(0.3) * alpha + np.float32(0.6) * (colour * _LUMINANCE).sum(axis=0)
        colour += fading * (pale - colour)
    colour += frames.amount("gloss") * alpha
    _add_dirt(frames, colour)
    _add_stickers(frames, colour, alpha)


def _add_dirt(frames: Frames, colour: Floats) -> None:
    chosen, dirty = frames.having("dirt")
    where = step(clouds(dirty.random("dirt"), len(dirty), dirty.side) - dirty.somewhere("dirt", -0.5, 1), 2)
    colour[:, chosen] *= 1 - dirty.amount("dirt") * where


def _add_stickers(frames: Frames, colour: Floats, alpha: Floats) -> None:
    chosen, marked = frames.having("sticker")
    dx = marked.x - marked.somewhere("sticker", -0.4, 0.4)
    dy = marked.y - marked.somewhere("sticker", -0.4, 0.4)
    angle, flat = marked.somewhere("sticker", 0, np.pi), marked.somewhere("sticker", 0.5, 1)
    along, across = np.cos(angle) * dx + np.sin(angle) * dy, np.cos(angle) * dy - np.sin(angle) * dx
    rectangle = np.maximum(np.abs(along), np.abs(across) / flat) * 2 < marked.amount("sticker")
    paint = marked.random("sticker").uniform(0, 1, (len(marked), 3)).astype(np.float32)
    part = colour[:, chosen]
    colour[:, chosen] = part + rectangle * (spread(paint) * alpha[chosen] - part)
