"""The network for the smallest machines: a twelfth of the notebook's parameters, a sixth of its arithmetic."""

from __future__ import annotations

import keras

from .. import signs
from .blocks import convolutional


def network(seed: int | None = None, classes: int = signs.COUNT) -> keras.Model:
    """Blocks of 12, 24 and 36 filters, then the mean over the picture; see `blocks.convolutional`."""
    return convolutional((12, 24, 36), None, 16, seed, classes)
