"""From light to the numbers in a file: gains, noise, eight bits, JPEG, and 32x32 pixels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ...preprocess import Pixels, resize
from ..split import SIDE
from .frames import Frames, spread
from .laws import Floats
from .textures import grain

WHITE = 255
_MIDDLE = 0.5
# Share of the noise's variance that does not grow with the light.
_READ_OUT = 0.15


def expose(frames: Frames, light: Floats) -> Pixels:
    """Turn light into the pictures of a data set: uint8 RGB `(N, 32, 32, 3)`."""
    light = light * spread(frames.amounts["cast"])
    light += _noise(frames, light)
    light *= WHITE
    levels = np.rint(light.clip(0, WHITE, out=light), out=light).astype(np.uint8).transpose(1, 2, 3, 0)
    pictures = np.empty((len(frames), SIDE, SIDE, 3), np.uint8)
    for index, (width, height) in enumerate(zip(frames.view.width, frames.view.height, strict=True)):
        crop = levels[index, :height, :width]
        quality = int(frames.amounts["jpeg"][index])
        pictures[index] = resize((crop if quality == 100 else _compress(crop, quality))[np.newaxis])[0]
    return pictures


def _noise(frames: Frames, light: Floats) -> Floats:
    """Gaussian noise whose variance grows with the light, on top of that of reading out."""
    noise = grain(frames.random("noise"), 3 * len(frames), frames.side).reshape(light.shape)
    variance = np.clip(light, 0, 1)
    variance *= (1 - _READ_OUT) / _MIDDLE
    variance += _READ_OUT
    noise *= np.sqrt(variance, out=variance)
    noise *= frames.amount("noise") / WHITE
    return noise


def _compress(picture: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "JPEG", quality=quality)
    with Image.open(file) as made:
        return np.asarray(made.convert("RGB"))
