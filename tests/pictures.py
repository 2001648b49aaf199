"""Simple drawn signs by seed, for tests that need pictures with something on them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

RED, BLUE, YELLOW, BLACK, WHITE = (187, 30, 16), (0, 91, 140), (247, 181, 0), (42, 41, 42), (241, 240, 234)
_DOWN, _OCTAGON, _DIAMOND = 13, 14, 12
_TRIANGLES, _BLUE_DISCS = (11, *range(18, 32)), range(33, 41)


def draw_signs(n: int, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """`n` pictures, uint8 RGB `(n, 32, 32, 3)`, and their class ids, int64 `(n,)`, one class after the other.

    The first follows from the seed; 43 pictures show them all. A class has its real shape and colours and bears its own
    id in digits, on a background of noise, in changing light.
    """
    random = np.random.default_rng(seed)
    labels = (seed + np.arange(n)) % 43
    images = np.zeros((n, 32, 32, 3), np.uint8)
    for image, label in zip(images, labels, strict=True):
        coarse = random.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((128, 128), Image.Resampling.BICUBIC)
        _draw(ImageDraw.Draw(picture), int(label), *random.integers(58, 71, 2).tolist())
        small = np.asarray(picture.resize((32, 32), Image.Resampling.BOX), np.float64)
        noise = random.normal(0, 4, small.shape)
        image[...] = (small * random.uniform(0.3, 1.1) + noise).clip(0, 255)
    return images, labels


def _draw(pen: ImageDraw.ImageDraw, label: int, x: int, y: int) -> None:
    ink = BLACK
    if label in _TRIANGLES:
        pen.regular_polygon((x, y + 8, 54), 3, fill=WHITE, outline=RED, width=9)
    elif label == _DOWN:
        pen.regular_polygon((x, y - 8, 54), 3, rotation=180, fill=WHITE, outline=RED, width=9)
    elif label == _OCTAGON:
        pen.regular_polygon((x, y, 52), 8, rotation=22.5, fill=RED)
        ink = WHITE
    elif label == _DIAMOND:
        pen.regular_polygon((x, y, 54), 4, rotation=45, fill=YELLOW, outline=WHITE, width=8)
    elif label in _BLUE_DISCS:
        pen.circle((x, y), 50, fill=BLUE)
        ink = WHITE
    else:
        pen.circle((x, y), 50, fill=WHITE, outline=RED, width=10)
    pen.text((x, y), str(label), fill=ink, font=ImageFont.load_default(48), anchor="mm")
