"""The network for the last tenths of a per cent, at twice the notebook's size and arithmetic."""

from __future__ import annotations

import keras

from .. import signs
from .blocks import convolutional


def network(seed: int | None = None, classes: int = signs.COUNT) -> keras.Model:
    """Blocks of 48, 96 and 192 filters, then a dense layer of 128; see `blocks.convolutional`."""
    return convolutional((48, 96, 192), 128, 32, seed, classes)
