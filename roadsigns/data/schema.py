"""From the arrays of one pickle to a checked `Split`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import signs
from ..console import note
from ..errors import DataError
from ..resize import SIZE
from .split import Split

BOX_WIDTHS = {"sizes": 2, "coords": 4}
"""Columns of the arrays that a pickle may hold besides: width, height; x1, y1, x2, y2 of the sign."""


def to_split(arrays: Mapping[str, NDArray[Any]], name: str, classes: int = signs.COUNT) -> Split:
    """Check `features` and `labels`; a note names the other arrays, which are not used.

    Args:
        arrays: `features` uint8 `(N, 32, 32, 3)` RGB; `labels` of whole numbers `(N,)`. N is at least 1. `sizes`
            `(N, 2)` and `coords` `(N, 4)`, which the published pickles hold besides, need not be there or fit; the
            boxes, or else the sizes of the whole pictures, become `Split.sizes`.
        name: what messages call the pickle.
        classes: how many classes there are.

    Raises:
        DataError: an array is missing or of another form.
    """
    missing = [key for key in ("features", "labels") if key not in arrays]
    if missing:
        held = ", ".join(repr(key[:40]) for key in list(arrays)[:8]) or "nothing"
        raise DataError(f"{name} has no {' and no '.join(map(repr, missing))}. It holds: {held}")
    features, labels = arrays["features"], arrays["labels"]
    if features.dtype != np.uint8 or features.shape[1:] != (SIZE, SIZE, 3):
        raise DataError(
            f"`features` in {name} must be uint8 of shape (N, {SIZE}, {SIZE}, 3). "
            f"Received: {features.dtype} of shape {features.shape}"
        )
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise DataError(
            f"`labels` in {name} must be whole numbers of shape (N,). Received: {labels.dtype} of shape {labels.shape}"
        )
    for key in arrays.keys() - {"features", "labels"}:
        array = arrays[key]
        if not _is_box(key, array, len(labels)):
            note(f"{name}: `{key[:40]}` ({array.dtype} of shape {array.shape}) is ignored; training does not need it")
    if not len(features):
        raise DataError(f"{name} holds no pictures; a split needs at least one")
    try:
        # A uint64 above 2^63 turns negative here, and the error shows the negative number: no class in either case.
        return Split(features, labels.astype(np.int64), classes, sizes=_sizes(arrays, len(labels)))
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} cannot be used: {error}") from error


def _is_box(key: str, array: NDArray[Any], count: int) -> bool:
    return array.dtype in (np.uint8, np.uint16) and array.shape == (count, BOX_WIDTHS.get(key))


def _sizes(arrays: Mapping[str, NDArray[Any]], count: int) -> NDArray[np.int64] | None:
    """Width and height of each sign; where no box is given, of the picture, most of which the sign fills."""
    for key in ("coords", "sizes"):
        if key in arrays and _is_box(key, arrays[key], count):
            box = arrays[key].astype(np.int64)
            sizes = box[:, 2:] - box[:, :2] if key == "coords" else box
            if (sizes > 0).all():
                return sizes
    return None
