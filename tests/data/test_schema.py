from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from roadsigns.data.schema import to_split
from roadsigns.errors import DataError


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
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG.keys())
def test_to_split_refuses(make_arrays: Any, change: dict[str, Any], message: str) -> None:
    arrays = {key: value for key, value in (make_arrays(4) | change).items() if value is not None}
    with pytest.raises(DataError, match=re.escape(message)):
        to_split(arrays, "train.p")


IGNORED = {
    "another shape": ({"sizes": np.zeros((4, 3), np.uint8)}, "`sizes` (uint8 of shape (4, 3))"),
    "another type": ({"coords": np.zeros((4, 4))}, "`coords` (float64 of shape (4, 4))"),
    "left over after augmentation": ({"sizes": np.zeros((2, 2), np.uint8)}, "`sizes` (uint8 of shape (2, 2))"),
    "another key": ({"weights": np.ones(4)}, "`weights` (float64 of shape (4,))"),
}


@pytest.mark.parametrize(("change", "told"), IGNORED.values(), ids=IGNORED.keys())
def test_what_training_does_not_need_is_ignored_with_a_note(
    make_arrays: Any, change: dict[str, Any], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(to_split(make_arrays(4) | change, "train.p")) == 4
    assert capsys.readouterr().err == f"train.p: {told} is ignored; training does not need it\n"


def test_boxes_need_not_be_there(make_arrays: Any, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = make_arrays(4)
    to_split(arrays, "train.p")
    del arrays["sizes"], arrays["coords"]
    to_split(arrays, "train.p")
    assert capsys.readouterr().err == ""


def test_sizes_are_those_of_the_boxes_else_of_the_pictures(make_arrays: Any) -> None:
    boxes = np.array([[5, 6, 48, 49], [5, 5, 36, 40], [0, 0, 9, 8], [1, 1, 2, 2]], np.uint16)
    whole = np.full((4, 2), [53, 54], np.uint8)
    arrays = make_arrays(4) | {"coords": boxes, "sizes": whole}
    sizes = to_split(arrays, "train.p").sizes
    assert sizes is not None and sizes.tolist() == [[43, 43], [31, 35], [9, 8], [1, 1]]
    for coords in (None, boxes[:, [2, 1, 0, 3]], boxes[:3], boxes.astype(float)):
        other = to_split(
            {key: each for key, each in (arrays | {"coords": coords}).items() if each is not None}, "train.p"
        )
        assert other.sizes is not None and other.sizes.tolist() == whole.tolist()
    del arrays["coords"], arrays["sizes"]
    assert to_split(arrays, "train.p").sizes is None
