"""The seed notebook's network, on the equalised grey picture."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from .. import signs
from .answers import signature
from .layers import KeepProbDropout
from .random_numbers import seeds


def network(seed: int | None = None, classes: int = signs.COUNT) -> keras.Model:
    """The seed notebook's network: six convolutions in three blocks, then three dense layers; 570,763 parameters.

    Inputs, by name: `x` float32 `(N, 32, 32, 1)`; `keep_prob` and `keep_prob_conv` float32 `(N,)` or, called directly,
    `(1,)`. Output: class scores (logits), float32 `(N, classes)`.

    Args:
        seed: whole number that determines the weights and the units that drop; None takes a new one.
        classes: how many scores there are; 43 give the parameters above.
    """
    each = seeds(seed)

    def weights() -> dict[str, Any]:
        normal = keras.initializers.TruncatedNormal(mean=0.0, stddev=0.1, seed=next(each))
        return {"kernel_initializer": normal, "bias_initializer": "zeros"}

    inputs, keep, keep_conv = signature(1)
    h = inputs["x"]
    for block, filters in enumerate((32, 64, 128), start=1):
        for number in (1, 2):
            h = layers.Conv2D(
                filters, 3, padding="same", activation="relu", name=f"block{block}_conv{number}", **weights()
            )(h)
        h = layers.MaxPooling2D(2, name=f"block{block}_pool")(h)  # 16x16x32, 8x8x64, 4x4x128
        h = KeepProbDropout(next(each), name=f"block{block}_drop")([h, keep_conv])
    h = layers.Flatten(name="flatten")(h)  # 2048
    for number in (1, 2):
        h = layers.Dense(128, activation="relu", name=f"dense{number}", **weights())(h)
        h = KeepProbDropout(next(each), name=f"dense{number}_drop")([h, keep])
    scores = layers.Dense(classes, name="scores", **weights())(h)
    return keras.Model(inputs, scores)
