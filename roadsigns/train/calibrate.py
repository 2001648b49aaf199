"""Scores made honest: divided by one temperature, so that 90 % means right nine times in ten.

Source: Guo et al., "On calibration of modern neural networks", ICML 2017.
"""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt

from ..networks import answers

BOUNDS = (0.25, 4.0)
"""Bounds of the temperature: one beyond says more of the few pictures that it is fitted on than of the network."""

FEW = 200
"""Fewer pictures, which may all be named rightly by luck, never make scores sharper."""


def temperature(scores: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> float:
    """The temperature of the lowest loss, within `BOUNDS`; at least 1 where there are `FEW` pictures.

    Args:
        scores: logits, shape `(N, classes)`, N at least 1.
        labels: the right classes, shape `(N,)`.
    """
    centred = scores.astype(np.float64) - scores.max(axis=1, keepdims=True)
    right = centred[np.arange(len(labels)), labels]
    low, high = (1 / bound for bound in reversed(BOUNDS))
    high = min(high, 1.0) if len(labels) < FEW else high
    # The loss is convex in the inverse temperature: where its slope changes sign, it is lowest.
    for _ in range(50):
        inverse = (low + high) / 2
        weights = np.exp(inverse * centred)
        expected = (weights * centred).sum(axis=1) / weights.sum(axis=1)
        low, high = (inverse, high) if (expected - right).mean() < 0 else (low, inverse)
    return 2 / (low + high)


def calibrate(model: keras.Model, x: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> float:
    """Divide the scores of `model` by their temperature on these pictures, inside its last layer.

    Everything that is made of the model afterwards is calibrated too.

    Args:
        model: one of `networks`; its last layer, `scores`, is changed.
        x: what it sees, float32 `(N, 32, 32, channels)`.
        labels: int64 classes, `(N,)`.

    Returns:
        The temperature.
    """
    found = temperature(answers.scores(model, x), labels)
    layer = model.get_layer("scores")
    for weight in (layer.kernel, layer.bias):
        weight.assign(weight / found)
    return found
