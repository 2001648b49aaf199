"""Where a model looks: how much less sure it is when a part of the picture is covered.

After the occlusion maps of Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV 2014).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..preprocess import Pixels
from .study import Classify

SIDE, STEP = 8, 2
"""The square that covers, and how far it moves, in pixels of a picture of 32."""
_LEAST = 1e-4
"""Probabilities nearer to 0 or 1 count as this near: what covering changes beyond is of no importance."""
_SLIGHT = 0.5
"""Falls in log-odds that are too slight to glow brightly."""


class Attention(NamedTuple):
    """What covering a picture does.

    Attributes:
        weight: how much each pixel matters, 0..1, float64 `(H, W)`; all 0 where no square makes the model less sure.
        class_id: the class that the model names in the whole picture.
        whole: the probability of that class, nothing covered.
        lowest: the lowest one, a square covered.
    """

    weight: npt.NDArray[np.float64]
    class_id: int
    whole: float
    lowest: float


def look(classify: Classify, image: Pixels) -> Attention:
    """Cover the picture square by square in its own mean colour.

    Args:
        classify: the model.
        image: uint8 RGB, shape `(H, W, 3)`.

    Returns:
        A pixel's weight is the mean fall, in log-odds of the named class, over the squares that cover the pixel,
        relative to the pixel that matters most, or to half a unit where none matters as much.
    """
    height, width = image.shape[:2]
    colour = np.rint(image.mean(axis=(0, 1))).astype(np.uint8)
    places = [
        (slice(max(0, top), top + SIDE), slice(max(0, left), left + SIDE))
        for top in range(STEP - SIDE, height, STEP)
        for left in range(STEP - SIDE, width, STEP)
    ]
    covered = np.repeat(image[np.newaxis], len(places) + 1, axis=0)
    for picture, place in zip(covered[1:], places, strict=True):
        picture[place] = colour
    every = classify(covered).astype(np.float64)
    class_id = int(every[0].argmax())
    probabilities = every[:, class_id]
    odds = _log_odds(probabilities)
    falls, squares = np.zeros((height, width)), np.zeros((height, width))
    for place, fall in zip(places, np.maximum(odds[0] - odds[1:], 0), strict=True):
        falls[place] += fall
        squares[place] += 1
    weight = falls / squares
    return Attention(
        weight / max(weight.max(), _SLIGHT), class_id, float(probabilities[0]), float(probabilities[1:].min())
    )


def _log_odds(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    kept = np.clip(probabilities, _LEAST, 1 - _LEAST)
    odds: npt.NDArray[np.float64] = np.log(kept / (1 - kept))
    return odds
