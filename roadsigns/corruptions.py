"""What weather, lens, sensor and cropping do to pictures: eleven corruptions at five levels, by NumPy and Pillow.

After the idea of Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations" (ICLR 2019); amounts and implementations are our own, for pictures of 32 x 32 pixels.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from .preprocess import Pixels

Random = np.random.Generator
_Floats = npt.NDArray[np.float64]
_FOG = np.array([222.0, 226.0, 232.0])
LEVELS = (1, 2, 3, 4, 5)
"""From slight to strong."""


@dataclass(frozen=True)
class Corruption:
    """One kind of damage.

    Attributes:
        about: what it does and what its amount is, for people.
        amounts: the amount at each level; 0 changes nothing.
        apply: uint8 RGB `(N, H, W, 3)`, amount and source of randomness to pictures of the same form.
    """

    about: str
    amounts: tuple[float, ...]
    apply: Callable[[Pixels, float, Random], Pixels]


def corrupt(images: Pixels, name: str, level: int, seed: int = 0) -> Pixels:
    """Corrupt pictures.

    Args:
        images: uint8 RGB, shape `(N, H, W, 3)`. N may be 0.
        name: one of `CORRUPTIONS`.
        level: 1..5.
        seed: the same one gives the same bits; what befalls a picture does not depend on the pictures after it.

    Returns:
        uint8 RGB, the same shape. A new array.

    Raises:
        TypeError: `images` is not uint8.
        ValueError: the shape is another, or there is no such corruption or level.
    """
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        raise TypeError(f"`images` must be uint8 pixels (0..255). Received: {getattr(images, 'dtype', type(images))}")
    if images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(f"`images` must have the shape (N, H, W, 3). Received: {images.shape}")
    if name not in CORRUPTIONS:
        raise ValueError(f"Invalid value for `name`: expected {', '.join(CORRUPTIONS)}. Received: {name!r}")
    if level not in LEVELS:
        raise ValueError(f"Invalid value for `level`: expected 1..{LEVELS[-1]}. Received: {level!r}")
    corruption = CORRUPTIONS[name]
    random = np.random.default_rng([seed, list(CORRUPTIONS).index(name), level])
    return corruption.apply(images, corruption.amounts[level - 1], random)


def noise(images: Pixels, amount: float, random: Random) -> Pixels:
    """Add Gaussian noise whose standard deviation is `amount` times 255."""
    return _pixels(images + random.normal(0, 255 * amount, images.shape))


def blur(images: Pixels, amount: float, random: Random) -> Pixels:
    """Blur by a Gaussian of `amount` pixels, cut off at four of them; the edge is repeated."""
    radius = int(4 * amount + 0.5)
    steps = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (steps / amount) ** 2) if radius else np.ones(1)
    weights /= weights.sum()
    result = images.astype(np.float64)
    for axis in (1, 2):
        side = images.shape[axis]
        places = np.clip(np.arange(side)[:, np.newaxis] + steps, 0, side - 1)
        spread = np.zeros((side, side))  # what each pixel gets of each
        np.add.at(spread, (np.arange(side)[:, np.newaxis], places), weights)
        result = np.moveaxis(np.tensordot(result, spread, (axis, 1)), -1, axis)
    return _pixels(result)


def smear(images: Pixels, amount: float, random: Random) -> Pixels:
    """Move the camera by `amount` pixels in a random direction while the shutter is open."""
    angle = random.uniform(0, np.pi, len(images))
    ways = np.linspace(-0.5, 0.5, 2 * int(np.ceil(amount)) + 1) * amount
    moved = [sample(images, *_shifted(images, way * np.sin(angle), way * np.cos(angle))) for way in ways]
    return _pixels(np.mean(moved, axis=0))


def brightness(images: Pixels, amount: float, random: Random) -> Pixels:
    """Expose by `amount` stops more or less, whichever falls."""
    stops = amount * random.choice([-1.0, 1.0], len(images))
    return _pixels(images * _each(2.0**stops))


def contrast(images: Pixels, amount: float, random: Random) -> Pixels:
    """Draw all shades towards the picture's mean by the share `amount`."""
    middle = images.mean(axis=(1, 2, 3), keepdims=True) if images.size else _each(np.zeros(len(images)))
    return _pixels(images * (1 - amount) + middle * amount)


def fog(images: Pixels, amount: float, random: Random) -> Pixels:
    """Lay a light grey veil over the picture, which hides the share `amount` of it, or half as much more or less."""
    count, height, width = images.shape[:3]
    grid = random.uniform(0.5, 1.5, (count, 4, 4, 1))
    rows, columns = (np.linspace(0, 3, side)[np.newaxis] for side in (height, width))
    veil = sample(
        grid,
        np.broadcast_to(rows[..., np.newaxis], (count, height, width)),
        np.broadcast_to(columns[:, np.newaxis], (count, height, width)),
    )
    hidden = np.minimum(amount * veil, 1)
    return _pixels(images * (1 - hidden) + _FOG * hidden)


def occlusion(images: Pixels, amount: float, random: Random) -> Pixels:
    """Cover a square of one random colour, whose side is the share `amount` of the shorter side, somewhere."""
    count, height, width = images.shape[:3]
    side = round(amount * min(height, width))
    result = images.copy()
    for picture, lot in zip(result, random.random((count, 5)), strict=True):
        down, right = lot[:2]
        top, left = int(down * (height - side + 1)), int(right * (width - side + 1))
        picture[top : top + side, left : left + side] = (256 * lot[2:]).astype(np.uint8)
    return result


def jpeg(images: Pixels, amount: float, random: Random) -> Pixels:
    """Save as JPEG of quality 100 - `amount`, with colours at half resolution, and read back."""
    result = np.empty_like(images)
    for number, picture in enumerate(images):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=round(100 - amount), subsampling="4:2:0")
        with Image.open(file) as read:
            result[number] = np.asarray(read)
    return result


def pixelate(images: Pixels, amount: float, random: Random) -> Pixels:
    """Shrink by area to the share 1 - `amount` of the sides, and enlarge again without smoothing."""
    height, width = images.shape[1:3]
    small = tuple(max(1, round((1 - amount) * side)) for side in (width, height))
    shrunk = (Image.fromarray(picture).resize(small, Image.Resampling.BOX) for picture in images)
    large = [np.asarray(picture.resize((width, height), Image.Resampling.NEAREST)) for picture in shrunk]
    return np.array(large, np.uint8).reshape(images.shape)


def shift(images: Pixels, amount: float, random: Random) -> Pixels:
    """Shift by the share `amount` of the width in a random direction; the edge is repeated."""
    angle, far = random.uniform(0, 2 * np.pi, len(images)), amount * images.shape[2]
    return _pixels(sample(images, *_shifted(images, far * np.sin(angle), far * np.cos(angle))))


def turn(images: Pixels, amount: float, random: Random) -> Pixels:
    """Turn around the middle by `amount` degrees, to the left or to the right; the edge is repeated."""
    angle = np.deg2rad(amount) * random.choice([-1.0, 1.0], len(images))
    sine, cosine = (function(angle)[:, np.newaxis, np.newaxis] for function in (np.sin, np.cos))
    middle = [(side - 1) / 2 for side in images.shape[1:3]]
    down, right = (each - centre for each, centre in zip(_places(images), middle, strict=True))
    return _pixels(sample(images, cosine * down - sine * right + middle[0], sine * down + cosine * right + middle[1]))


CORRUPTIONS: dict[str, Corruption] = {
    "noise": Corruption("Gaussian noise; its spread as a share of white", (0.04, 0.06, 0.08, 0.1, 0.12), noise),
    "blur": Corruption("Gaussian blur; its spread in pixels", (0.6, 0.8, 1, 1.25, 1.5), blur),
    "smear": Corruption("a moving camera; pixels", (2, 3, 4, 5, 6), smear),
    "brightness": Corruption("exposure, darker or brighter; stops", (0.5, 0.9, 1.3, 1.7, 2.1), brightness),
    "contrast": Corruption("less contrast; the share lost", (0.4, 0.55, 0.7, 0.8, 0.88), contrast),
    "fog": Corruption("an uneven light veil; the share hidden", (0.25, 0.35, 0.45, 0.55, 0.65), fog),
    "occlusion": Corruption("a square of one colour; its share of the side", (0.2, 0.27, 0.34, 0.41, 0.48), occlusion),
    "jpeg": Corruption("JPEG; 100 less its quality", (50, 65, 75, 85, 90), jpeg),
    "pixelate": Corruption("fewer pixels; the share of the side lost", (0.25, 0.37, 0.5, 0.6, 0.68), pixelate),
    "shift": Corruption("a shifted frame; the share of the side", (0.03, 0.06, 0.09, 0.12, 0.15), shift),
    "turn": Corruption("a turned camera; degrees", (5, 10, 15, 20, 25), turn),
}
"""All of them by name."""

SEVEN = ("noise", "occlusion", "blur", "shift", "brightness", "contrast", "jpeg")
"""Those whose mean over all levels is reported as one figure."""


def _pixels(values: npt.NDArray[Any]) -> Pixels:
    result: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return result


def _each(values: _Floats) -> _Floats:
    """One value a picture, to multiply pictures with."""
    return values.reshape(-1, 1, 1, 1)


def _places(images: npt.NDArray[Any]) -> tuple[_Floats, _Floats]:
    """Row and column of each pixel, `(N, H, W)`."""
    down, right = np.indices(images.shape[1:3], np.float64)
    shape = images.shape[:3]
    return np.broadcast_to(down, shape), np.broadcast_to(right, shape)


def _shifted(images: Pixels, down: _Floats, right: _Floats) -> tuple[_Floats, _Floats]:
    """Where the pixels of pictures lie that are shifted by so many pixels, one number a picture."""
    rows, columns = _places(images)
    return rows - down[:, np.newaxis, np.newaxis], columns - right[:, np.newaxis, np.newaxis]


def sample(images: npt.NDArray[Any], rows: _Floats, columns: _Floats) -> _Floats:
    """Read pictures `(N, H, W, C)` at places `(N, h, w)` between their pixels, bilinearly; the edge is repeated."""
    height, width = images.shape[1:3]
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    top, left = np.floor(rows).astype(np.intp), np.floor(columns).astype(np.intp)
    below, beside = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, right = (rows - top)[..., np.newaxis], (columns - left)[..., np.newaxis]
    number = np.arange(len(images))[:, np.newaxis, np.newaxis]
    upper = images[number, top, left] * (1 - right) + images[number, top, beside] * right
    lower = images[number, below, left] * (1 - right) + images[number, below, beside] * right
    result: _Floats = upper * (1 - down) + lower * down
    return result
