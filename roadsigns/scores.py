"""How good class probabilities are, each picture counted once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .errors import ModelError

BINS = 15


@dataclass(frozen=True, eq=False)
class Scores:
    """Figures of a classifier on a split.

    Attributes:
        pictures: how many were counted.
        accuracy: share of pictures whose most probable class is right.
        loss: mean negative log-probability of the right class, in nats.
        ece: expected calibration error in 15 bins of equal width, a share (Guo et al., ICML 2017).
        confusion: int64 `(classes, classes)`; row = right class, column = most probable class.
    """

    pictures: int
    accuracy: float
    loss: float
    ece: float
    confusion: npt.NDArray[np.int64]

    def class_accuracies(self) -> list[float | None]:
        """Accuracy of each class; None for a class without pictures."""
        right, all_of = self.confusion.diagonal(), self.confusion.sum(axis=1)
        return [float(r / n) if n else None for r, n in zip(right, all_of, strict=True)]


def score(probabilities: npt.NDArray[np.floating[Any]], labels: npt.NDArray[np.int64]) -> Scores:
    """Compare class probabilities with the right classes.

    Args:
        probabilities: shape `(N, classes)`, `N` at least 1, rows adding up to 1.
        labels: int64, shape `(N,)`, values below `classes`.

    Raises:
        ValueError: the shapes do not fit, there is no picture, or a label is not a class.
        ModelError: a probability is NaN, as those of a network whose training diverged are.
    """
    if labels.ndim != 1 or len(labels) == 0 or probabilities.ndim != 2 or len(probabilities) != len(labels):
        raise ValueError(
            "`probabilities` must have shape (N, classes) and `labels` (N,) with N of at least 1. "
            f"Received: {probabilities.shape} and {labels.shape}"
        )
    classes = probabilities.shape[1]
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"`labels` must be 0..{classes - 1}. Received: {labels.min()}..{labels.max()}")
    if not np.isfinite(probabilities).all():
        raise ModelError("The model answers with NaN: its training diverged. Train with a smaller --learning-rate")
    guesses = probabilities.argmax(axis=1)
    right = guesses == labels
    confidence = probabilities[np.arange(len(labels)), guesses].astype(np.float64)
    of_right = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, guesses), 1)
    return Scores(
        pictures=len(labels),
        accuracy=float(right.mean()),
        loss=float(-np.log(np.maximum(of_right, np.finfo(np.float32).tiny)).mean()),
        ece=reliability(confidence, right).error,
        confusion=confusion,
    )


class Reliability(NamedTuple):
    """Pictures in bins by confidence, each of shape `(15,)`; bin i holds confidences from i/15 to (i + 1)/15.

    Attributes:
        pictures: how many are in the bin, int64.
        confidence: their mean confidence, float64; 0 where there are none.
        accuracy: their share of right ones, likewise.
    """

    pictures: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of the two over all pictures."""
        return float(self.pictures @ np.abs(self.accuracy - self.confidence) / self.pictures.sum())


def reliability(confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> Reliability:
    """Put pictures into bins, by the probability of their most probable class.

    Args:
        confidence: float64, shape `(N,)`, in [0, 1].
        right: whether that class is the right one, shape `(N,)`.
    """
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    pictures = np.bincount(bins, minlength=BINS)
    sums = (np.bincount(bins, weights=values, minlength=BINS) for values in (confidence, right))
    means = [total / np.maximum(pictures, 1) for total in sums]
    return Reliability(pictures, *means)
