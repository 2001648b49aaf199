"""Pictures with their classes. A split is checked when it is made, so that its users need not check it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from .. import signs
from ..resize import SIZE

SplitName = Literal["train", "valid", "test"]
SPLITS: tuple[SplitName, ...] = get_args(SplitName)


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set.

    Attributes:
        images: uint8 RGB, shape `(N, 32, 32, 3)`, values 0..255.
        labels: int64 class ids, shape `(N,)`, values below `classes`.
        classes: how many classes there are.
        sizes: width and height of each sign in the picture that it was cut from, in pixels, int64 `(N, 2)`; None where
            the data set does not tell.

    Raises:
        TypeError: an array has another dtype.
        ValueError: an array has another shape, the two differ in length, or a label is not a class.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: int = signs.COUNT
    sizes: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        _expect("images", self.images, np.uint8, (SIZE, SIZE, 3))
        _expect("labels", self.labels, np.int64, ())
        if len(self.images) != len(self.labels):
            raise ValueError(
                f"`images` and `labels` must be equally long. Received: {len(self.images)} and {len(self.labels)}"
            )
        if self.sizes is not None:
            _expect("sizes", self.sizes, np.int64, (2,), len(self.labels))
        wrong = np.flatnonzero((self.labels < 0) | (self.labels >= self.classes))
        if wrong.size:
            raise ValueError(
                f"`labels` must be class ids 0..{self.classes - 1}. "
                f"Received: {self.labels[wrong[0]]} at index {wrong[0]}"
            )

    def where(self, chosen: NDArray[np.bool_]) -> Split:
        """The pictures for which `chosen`, shape `(N,)`, is true, in their order."""
        sizes = None if self.sizes is None else self.sizes[chosen]
        return Split(self.images[chosen], self.labels[chosen], self.classes, sizes)

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.labels)

    def absent(self) -> list[int]:
        """The classes without pictures."""
        return np.flatnonzero(np.bincount(self.labels, minlength=self.classes) == 0).tolist()


class Splits(NamedTuple):
    """The three parts of a data set."""

    train: Split
    valid: Split
    test: Split


def _expect(
    name: str, array: object, dtype: type[np.generic], shape: tuple[int, ...], count: int | None = None
) -> None:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"`{name}` must be a NumPy array. Received: {type(array).__name__}")
    if array.dtype != dtype:
        raise TypeError(f"`{name}` must be {np.dtype(dtype)}. Received: {array.dtype} of shape {array.shape}")
    if array.ndim != 1 + len(shape) or array.shape[1:] != shape or count not in (None, len(array)):
        wanted = (
            "(" + ", ".join(["N" if count is None else str(count), *map(str, shape)]) + ("" if shape else ",") + ")"
        )
        raise ValueError(f"`{name}` must have the shape {wanted}. Received: {array.shape}")
