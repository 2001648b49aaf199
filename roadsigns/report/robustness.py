"""How much of a model's accuracy is left when pictures are corrupted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..console import progress
from ..corruptions import CORRUPTIONS, LEVELS, SEVEN, corrupt
from ..preprocess import Pixels
from .study import Study, Subject

MOST = 1000
"""Pictures that are corrupted in each way, drawn at random where there are more."""
_MIDDLE = 115
"""A pleasant mean shade."""


@dataclass(frozen=True, eq=False)
class Robustness:
    """Accuracies on corrupted pictures.

    Attributes:
        clean: the accuracy on the same pictures as they are.
        accuracies: by corruption, one for each level.
    """

    clean: float
    accuracies: dict[str, tuple[float, ...]]

    def mean(self, name: str) -> float:
        """Over the levels of a corruption."""
        return float(np.mean(self.accuracies[name]))

    @property
    def mean_of_seven(self) -> float:
        """Over all levels of the seven that are reported as one figure."""
        return float(np.mean([self.mean(name) for name in SEVEN]))


def chosen(study: Study) -> npt.NDArray[np.int64]:
    """The pictures that are corrupted, ascending; the same ones for every model."""
    return np.sort(np.random.default_rng(0).permutation(len(study.labels))[:MOST])


def measure(study: Study, subjects: list[Subject]) -> list[Robustness]:
    """Corrupt the chosen pictures in all ways, once for all subjects."""
    some = chosen(study)
    images, labels = study.images[some], study.labels[some]
    passes = [(name, level) for name in CORRUPTIONS for level in LEVELS]
    found: list[dict[str, tuple[float, ...]]] = [dict.fromkeys(CORRUPTIONS, ()) for _ in subjects]
    with progress("corrupting pictures") as tell:
        for done, (name, level) in enumerate(passes):
            tell(done, len(passes))
            damaged = corrupt(images, name, level)
            for subject, each in zip(subjects, found, strict=True):
                each[name] += (float((subject.classify(damaged).argmax(axis=1) == labels).mean()),)
    pairs = zip(subjects, found, strict=True)
    return [Robustness(float(subject.right[some].mean()), each) for subject, each in pairs]


def example(study: Study) -> Pixels:
    """A chosen picture that shows well what corruption does, `(1, H, W, 3)`: sharp, neither dark nor pale."""
    some = study.images[chosen(study)]
    grey = some.mean(axis=3)
    sharpness = np.abs(np.diff(grey, axis=2)).mean(axis=(1, 2)) - np.abs(grey.mean(axis=(1, 2)) - _MIDDLE)
    return some[[int(sharpness.argmax())]]
