from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from roadsigns.data.schema import to_split
from roadsigns.data.split import Split
from roadsigns.errors import DataError

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


@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "i8", "u8"])
@pytest.mark.parametrize("boxes", ["u1", "u2", None])
def test_to_split_takes_the_published_forms(make_arrays: Any, dtype: str, boxes: str | None) -> None:
    arrays = make_arrays(45)
    arrays["labels"] = arrays["labels"].astype(dtype)
    for key in ("sizes", "coords"):
        made = arrays.pop(key)
        if boxes:
            arrays[key] = made.astype(boxes)
    split = to_split(arrays, "train.p")
    assert split.images is arrays["features"]
    assert split.labels.tolist() == [*range(43), 0, 1]


WRONG = {
    "missing": ({"features": None}, "train.p has no 'features'. It holds: 'labels', 'sizes', 'coords'"),
    "floats": ({"features": np.zeros((4, 32, 32, 3))}, "`features` in train.p must be uint8 of shape (N, 32, 32, 3)"),
    "grey": ({"features": np.zeros((4, 32, 32), np.uint8)}, "Received: uint8 of shape (4, 32, 32)"),
    "float labels": (
        {"labels": np.zeros(4)},
        "`labels` in train.p must be whole numbers of shape (N,). Received: float64",
    ),
    "flags": ({"labels": np.zeros(4, bool)}, "Received: bool of shape (4,)"),
    "43": (
        {"labels": np.full(4, 43)},
        "train.p cannot be used: `labels` must be class ids 0..42. Received: 43 at index 0",
    ),
    "huge": ({"labels": np.full(4, 2**64 - 1, np.uint64)}, "`labels` must be class ids 0..42"),
    "lengths": ({"features": np.zeros((3, 32, 32, 3), np.uint8)}, "must be equally long. Received: 3 and 4"),
    "empty": (
        {"features": np.zeros((0, 32, 32, 3), np.uint8), "labels": np.zeros(0, int), "sizes": None, "coords": None},
        "train.p holds no pictures",
    ),
    "sizes": ({"sizes": np.zeros((4, 2))}, "`sizes` in train.p must be uint8 or uint16 of shape (4, 2)"),
    "coords": ({"coords": np.zeros((4, 2), np.uint8)}, "`coords` in train.p must be uint8 or uint16 of shape (4, 4)"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG.keys())
def test_to_split_refuses(make_arrays: Any, change: dict[str, Any], message: str) -> None:
    arrays = {key: value for key, value in (make_arrays(4) | change).items() if value is not None}
    with pytest.raises(DataError, match=re.escape(message)):
        to_split(arrays, "train.p")
