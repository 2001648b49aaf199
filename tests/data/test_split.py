from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from roadsigns.data.split import Split

IMAGES = np.zeros((2, 32, 32, 3), np.uint8)
LABELS = np.array([0, 42])

BAD = {
    "list": ([1], LABELS, TypeError, "`images` must be a NumPy array. Received: list"),
    "float": (IMAGES / 255, LABELS, TypeError, "`images` must be uint8. Received: float64 of shape (2, 32, 32, 3)"),
    "grey": (
        IMAGES[..., :1],
        LABELS,
        ValueError,
        "`images` must have the shape (N, 32, 32, 3). Received: (2, 32, 32, 1)",
    ),
    "one": (IMAGES[0], LABELS, ValueError, "Received: (32, 32, 3)"),
    "small labels": (
        IMAGES,
        LABELS.astype(np.uint8),
        TypeError,
        "`labels` must be int64. Received: uint8 of shape (2,)",
    ),
    "one-hot": (IMAGES, np.eye(43, dtype=np.int64)[LABELS], ValueError, "the shape (N,). Received: (2, 43)"),
    "lengths": (IMAGES, LABELS[:1], ValueError, "must be equally long. Received: 2 and 1"),
    "43": (IMAGES, LABELS + np.array([0, 1]), ValueError, "`labels` must be class ids 0..42. Received: 43 at index 1"),
    "negative": (IMAGES, LABELS - 1, ValueError, "Received: -1 at index 0"),
}


@pytest.mark.parametrize(("images", "labels", "kind", "message"), BAD.values(), ids=BAD.keys())
def test_split_rejects(images: Any, labels: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        Split(images, labels)


@pytest.mark.parametrize("count", [0, 2])
def test_split_holds(count: int) -> None:
    split = Split(IMAGES[:count], LABELS[:count])
    assert len(split) == count
    assert split.images.base is IMAGES and split.labels.dtype == np.int64


def test_where_takes_the_chosen_in_their_order() -> None:
    images = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 32, 32, 3), np.uint8)
    split = Split(images, np.array([5, 6, 7])).where(np.array([True, False, True]))
    assert split.labels.tolist() == [5, 7] and split.images[:, 0, 0, 0].tolist() == [0, 2]


def test_sizes_stay_with_their_pictures() -> None:
    split = Split(IMAGES, LABELS, sizes=np.array([[10, 20], [30, 40]]))
    chosen = split.where(np.array([False, True])).sizes
    assert chosen is not None and chosen.tolist() == [[30, 40]]
    assert Split(IMAGES, LABELS).where(np.array([False, True])).sizes is None


def test_sizes_of_other_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("`sizes` must have the shape (2, 2). Received: (1, 2)")):
        Split(IMAGES, LABELS, sizes=np.array([[10, 20]]))


def test_absent_classes_are_those_without_pictures() -> None:
    assert Split(IMAGES, np.array([0, 2]), classes=4).absent() == [1, 3]
    assert Split(IMAGES, np.array([0, 1]), classes=2).absent() == []
