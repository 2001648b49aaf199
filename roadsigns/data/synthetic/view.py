"""Where the sign stands in the picture: turned, tilted, scaled, and cropped as the benchmark's signs are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...preprocess import Pixels
from .designs import Design
from .distributions import Floats
from .prints import outline
from .svg import CANVAS
from .textures import level

DISTANCE = 8.0
"""The camera's distance from the sign, in widths of the sign; a nearer camera shows more perspective."""
MARGIN = 0.1
"""The space on each side of a sign in the benchmark's crops, as a share of the sign; `margin` may ask for more."""
SHORT = 1.3
"""How much less the crops leave at the right and below, in pixels; 1.36 in the mean of its training pictures."""


@dataclass(frozen=True)
class View:
    """The crops of some signs.

    Attributes:
        from_pixels: homographies from pixels to a design's units, float64 `(N, 3, 3)`.
        size: of the whole designs in pixels, float32 `(N,)`.
        width: of the crops in pixels, int64 `(N,)`.
        height: likewise.
        centre: of the sign, in pixels, float32 `(N, 2)`, x first.
        extent: of the sign, in pixels, float32 `(N, 2)`, x first.
    """

    from_pixels: npt.NDArray[np.float64]
    size: Floats
    width: npt.NDArray[np.int64]
    height: npt.NDArray[np.int64]
    centre: Floats
    extent: Floats

    def __getitem__(self, chosen: npt.NDArray[np.int64]) -> View:
        """The crops of these indices."""
        return View(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def look(designs: list[Design], amounts: Mapping[str, Floats]) -> View:
    """Aim at each design with the amounts of its picture."""
    boxes = np.array([design.box for design in designs], np.float64)
    tilted = _rotations(amounts["turn"], amounts["tilt"]) @ _to_origin(boxes)
    points = _project(tilted, np.stack([outline(design) for design in designs]))
    low, high = points.min(axis=1), points.max(axis=1)
    scale = amounts["size"] / (high - low).max(axis=1)
    extent = (high - low) * scale[:, None]
    sides = np.maximum(amounts["margin"][:, None], MARGIN * np.tile(extent, 2))  # left, top, right, bottom
    sides = sides + amounts["offset"] * amounts["size"][:, None]
    sides[amounts["margin"] > 0, 2:] -= SHORT
    crop = np.maximum(np.rint(extent + sides[:, :2] + sides[:, 2:]), 1).astype(np.int64)
    place = np.zeros((len(designs), 3, 3))
    place[:, 0, 0] = place[:, 1, 1] = scale
    # Rounding makes a crop larger; both sides share the difference.
    start = (crop - extent + sides[:, :2] - sides[:, 2:]) / 2
    place[:, :2, 2] = start - low * scale[:, None]
    place[:, 2, 2] = 1
    return View(
        from_pixels=np.asarray(np.linalg.inv(place @ tilted), np.float64),
        size=(scale * CANVAS / (boxes[:, 2] - boxes[:, 0])).astype(np.float32),
        width=crop[:, 0],
        height=crop[:, 1],
        centre=(start + extent / 2).astype(np.float32),
        extent=extent.astype(np.float32),
    )


def _to_origin(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Matrices that move the middle of each box to the origin and scale the box to a width of 1."""
    matrices = np.zeros((len(boxes), 3, 3))
    width = boxes[:, 2] - boxes[:, 0]
    matrices[:, 0, 0] = matrices[:, 1, 1] = 1 / width
    matrices[:, :2, 2] = -(boxes[:, :2] + boxes[:, 2:]) / 2 / width[:, None]
    matrices[:, 2, 2] = 1
    return matrices


def _rotations(turn: Floats, tilt: Floats) -> npt.NDArray[np.float64]:
    """Homographies of a plane turned about the line of sight and tilted about both axes, seen from `DISTANCE`."""
    roll, (pitch, yaw) = np.radians(turn.astype(np.float64)), np.radians(tilt.T.astype(np.float64))
    matrices = np.zeros((len(roll), 3, 3))
    # Columns of Rz(roll) Rx(pitch) Ry(yaw) for the plane's two axes; the third row is the depth.
    x = np.cos(yaw), np.sin(pitch) * np.sin(yaw)
    y = np.zeros_like(roll), np.cos(pitch)
    for column, (right, down) in enumerate((x, y)):
        matrices[:, 0, column] = np.cos(roll) * right - np.sin(roll) * down
        matrices[:, 1, column] = np.sin(roll) * right + np.cos(roll) * down
    matrices[:, 2, 0] = -np.cos(pitch) * np.sin(yaw) / DISTANCE
    matrices[:, 2, 1] = np.sin(pitch) / DISTANCE
    matrices[:, 2, 2] = 1
    return matrices


def _project(matrices: npt.NDArray[np.float64], points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Points `(N, P, 2)` through homographies `(N, 3, 3)`."""
    ones = np.ones((*points.shape[:2], 1))
    homogeneous = np.concatenate([points, ones], axis=2) @ matrices.transpose(0, 2, 1)
    return np.asarray(homogeneous[..., :2] / homogeneous[..., 2:])


def film(
    design: Design, size: float, from_pixels: npt.NDArray[np.float64], side: int, swell: int = 0, stroke: int = 0
) -> Pixels:
    """Film a design.

    Args:
        design: what is filmed.
        size: of the whole design in the picture, in pixels, about.
        from_pixels: homography from pixels to the design's units.
        side: height and width of the picture.
        swell: of the print, as `prints.printed` takes it.
        stroke: likewise.

    Returns:
        uint8 `(side, side, 4)`: red, green and blue, multiplied by alpha, and alpha.
    """
    texture, per_unit, border = level(design, size, swell, stroke)
    inverse = np.array([[per_unit, 0, border], [0, per_unit, border], [0, 0, 1]]) @ from_pixels
    coefficients = (inverse / inverse[2, 2]).ravel()[:8].tolist()
    shape = (side, side)
    return np.asarray(texture.transform(shape, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR))
