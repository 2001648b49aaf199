"""From light to the numbers in a file: gains, noise, colour filter, sharpening, eight bits, JPEG, and 32x32 pixels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ...resize import SIZE, Pixels, resize_bilinear
from .distributions import Floats
from .frames import Frames, spread
from .textures import grain

WHITE = 255
_MIDDLE = 0.5
# Share of the noise's variance that does not grow with the light.
_READ_OUT = 0.1


def expose(frames: Frames, light: Floats) -> Pixels:
    """Turn light into the pictures of a data set: uint8 RGB `(N, 32, 32, 3)`."""
    light = light * spread(frames.amounts["cast"])
    light += _noise(frames, light)
    _filter(frames, light)
    _sharpen(frames, light)
    light *= WHITE
    levels = np.rint(light.clip(0, WHITE, out=light), out=light).astype(np.uint8).transpose(1, 2, 3, 0)
    pictures = np.empty((len(frames), SIZE, SIZE, 3), np.uint8)
    for index, (width, height) in enumerate(zip(frames.view.width, frames.view.height, strict=True)):
        crop = levels[index, :height, :width]
        quality = int(frames.amounts["jpeg"][index])
        pictures[index] = resize_bilinear((crop if quality == 100 else _compress(crop, quality))[np.newaxis])[0]
    return pictures


def _noise(frames: Frames, light: Floats) -> Floats:
    """Gaussian noise whose variance grows with the light, and a constant part, the noise of reading out."""
    noise = grain(frames.random("noise"), 3 * len(frames), frames.side).reshape(light.shape)
    variance = np.clip(light, 0, 1)
    variance *= (1 - _READ_OUT) / _MIDDLE
    variance += _READ_OUT
    noise *= np.sqrt(variance, out=variance)
    noise *= frames.amount("noise") / WHITE
    return noise


def _filter(frames: Frames, light: Floats) -> None:
    """Let each pixel see one colour, in Bayer's pattern, and take the others from its neighbours, in place.

    Along fine lines that leaves stairs and false colours. Interpolation is bilinear, as OpenCV's `COLOR_BayerRGGB2RGB`.
    """
    chosen, filtered = frames.having("mosaic")
    if not len(chosen):
        return
    seen = light[:, chosen]
    odd = frames.side % 2
    red, green, blue = np.pad(seen, ((0, 0), (0, 0), (0, odd), (0, odd)), mode="edge")
    rows, columns = np.indices(green.shape[1:])
    around = np.pad(green, ((0, 0), (1, 1), (1, 1)), mode="reflect")
    between = (around[:, :-2, 1:-1] + around[:, 2:, 1:-1] + around[:, 1:-1, :-2] + around[:, 1:-1, 2:]) / 4
    made = np.stack(
        [
            _fill(red),
            np.where((rows + columns) % 2, green, between),
            _fill(blue[:, ::-1, ::-1])[:, ::-1, ::-1],
        ]
    )[..., : frames.side, : frames.side]
    light[:, chosen] = seen + filtered.amount("mosaic") * (made - seen)


def _fill(plane: Floats) -> Floats:
    """A plane of which every second value along both axes is known, filled between: `(N, S, S)`, S even."""
    known = plane[:, ::2, ::2]
    count, height, width = known.shape
    right = np.concatenate([known[:, :, 1:], known[:, :, -1:]], axis=2)
    wide = np.stack([known, (known + right) / 2], axis=3).reshape(count, height, 2 * width)
    below = np.concatenate([wide[:, 1:], wide[:, -1:]], axis=1)
    return np.stack([wide, (wide + below) / 2], axis=2).reshape(count, 2 * height, 2 * width)


def _sharpen(frames: Frames, light: Floats) -> None:
    """Add to each pixel its difference from its four neighbours, in place: edges get bright and dark fringes."""
    wide = np.pad(light, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    around = wide[..., :-2, 1:-1] + wide[..., 2:, 1:-1]
    around += wide[..., 1:-1, :-2]
    around += wide[..., 1:-1, 2:]
    amount = frames.amount("sharpening")
    light *= 1 + 4 * amount
    around *= amount
    light -= around


def _compress(picture: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "JPEG", quality=quality)
    with Image.open(file) as made:
        return np.asarray(made.convert("RGB"))
