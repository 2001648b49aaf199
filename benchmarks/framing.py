"""Validation pictures framed otherwise than the benchmark frames them: tightly, or with much around the sign.

The benchmark's crops have about a sixth of the sign's width around it, and its pickles tell where in a crop the sign's
box is. So a tighter crop is a part of the 32 pixels, enlarged; a looser one shows the crop with its edge repeated
around it, since what was around it in the camera's picture is not in the pickles.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from roadsigns.corruptions import sample
from roadsigns.data import pickles, schema, unpickle
from roadsigns.data.split import Split
from roadsigns.errors import DataError
from roadsigns.preprocess import Pixels
from roadsigns.resize import SIZE

ABOUT = (
    "validation pictures of 32 pixels, sampled bilinearly at the sign's own box (tight), and at the box with half of "
    "its sides added on each side (loose); beyond the crop its edge is repeated"
)

Boxes = npt.NDArray[np.float64]


def read(archive: Path) -> tuple[Split, Boxes]:
    """The validation pictures, and the box of each sign: left, top, right, bottom as shares of the picture's sides.

    Raises:
        DataError: the pickle does not tell where the signs are.
    """
    with pickles.open_pickle(archive, "valid") as (file, name, size):
        arrays = unpickle.load_arrays(file, name, size=size)
    if not {"coords", "sizes"} <= arrays.keys():
        raise DataError(f"{name} does not tell where in its pictures the signs are: it has no `coords` and `sizes`")
    sides = np.tile(arrays["sizes"].astype(np.float64), 2)
    corners = arrays["coords"] + np.array([0.0, 0, 1, 1])  # the last row and column belong to the box
    return schema.to_split(arrays, name), corners / sides


def framed(pictures: Pixels, boxes: Boxes, more: float) -> Pixels:
    """Cut pictures to their boxes, enlarged on each side by the share `more` of the box's side.

    Args:
        pictures: uint8 RGB, `(N, 32, 32, 3)`.
        boxes: as `read` has them, `(N, 4)`.
        more: 0 cuts to the box itself.
    """
    low, high = boxes[:, :2], boxes[:, 2:]
    margin = more * (high - low)
    low, high = low - margin, high + margin
    steps = (np.arange(SIZE) + 0.5) / SIZE
    places = (low[..., np.newaxis] + (high - low)[..., np.newaxis] * steps) * SIZE - 0.5
    shape = (len(pictures), SIZE, SIZE)
    rows = np.broadcast_to(places[:, 1, :, np.newaxis], shape)
    columns = np.broadcast_to(places[:, 0, np.newaxis, :], shape)
    result: Pixels = np.clip(np.rint(sample(pictures, rows, columns)), 0, 255).astype(np.uint8)
    return result
