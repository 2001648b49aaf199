"""What a page is about: pictures with their right classes, and what a model says of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import signs
from ..errors import DataError, UsageError
from ..preprocess import Pixels

if TYPE_CHECKING:
    from ..data.synthetic.designs import Design

Classify = Callable[[Pixels], npt.NDArray[np.floating[Any]]]
"""Pictures, uint8 RGB `(N, H, W, 3)`, to class probabilities `(N, classes)`."""


@dataclass(frozen=True, eq=False)
class Study:
    """The pictures.

    Attributes:
        data: what a person calls the data set.
        split: `train`, `valid` or `test`.
        images: uint8 RGB, shape `(N, H, W, 3)`, N at least 1.
        labels: int64 class ids, shape `(N,)`.
        classes: the names of the classes, by id.
        sizes: width and height of each sign before it was resized, int64 `(N, 2)`, where known.
        drawings: what classes look like, by name, where a person's own designs are known.

    Raises:
        DataError: there are no pictures.
    """

    data: str
    split: str
    images: Pixels
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...] = signs.NAMES
    sizes: npt.NDArray[np.int64] | None = None
    drawings: Mapping[str, Design] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not len(self.labels):
            raise DataError(f"The split {self.split} of {self.data} holds no pictures. Choose another with --split")

    @property
    def has_drawings(self) -> bool:
        """Whether the package can draw the signs of these classes."""
        return self.classes == signs.NAMES

    def absent(self) -> list[int]:
        """The classes without pictures."""
        return np.flatnonzero(np.bincount(self.labels, minlength=len(self.classes)) == 0).tolist()


class Subject:
    """A model, with what it says of the pictures of a study.

    Attributes:
        name: what `--model` calls it.
        classify: the model itself.
        probabilities: of each class, float32 `(N, classes)`.

    Raises:
        UsageError: the model has other classes than the study.
    """

    def __init__(self, name: str, classify: Classify, study: Study) -> None:
        known = classify(study.images[:1]).shape[1]
        if known != len(study.classes):
            raise UsageError(
                f"The model {name} knows {known} classes; {study.data} has {len(study.classes)}. Take a model that was "
                "trained on these classes, or the data that it was trained on"
            )
        self.name = name
        self.classify = classify
        self.labels = study.labels
        self.probabilities = classify(study.images)

    @functools.cached_property
    def guesses(self) -> npt.NDArray[np.int64]:
        """The most probable class of each picture."""
        best: npt.NDArray[np.int64] = self.probabilities.argmax(axis=1).astype(np.int64)
        return best

    @functools.cached_property
    def confidence(self) -> npt.NDArray[np.float64]:
        """Its probability."""
        highest: npt.NDArray[np.float64] = self.probabilities.max(axis=1).astype(np.float64)
        return highest

    @functools.cached_property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether it is the right class."""
        equal: npt.NDArray[np.bool_] = self.guesses == self.labels
        return equal

    def best(self, number: int, most: int) -> list[tuple[int, float]]:
        """The most probable classes of a picture, each with its probability."""
        row = self.probabilities[number]
        return [(int(each), float(row[each])) for each in np.argsort(-row, kind="stable")[:most]]
