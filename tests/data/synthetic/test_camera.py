"""The camera: what each factor does to a picture, seen by itself."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from cameras import ALL, PLAIN, take
from roadsigns.data import synthetic
from roadsigns.data.synthetic import Camera
from roadsigns.data.synthetic.camera import photograph
from roadsigns.preprocess import grey

NAMES = [item.name for item in dataclasses.fields(Camera)]


def reduced(design: synthetic.Design) -> np.ndarray:
    """A design on grey with a tenth of its size around it, as square pixels see it: averages of a large drawing."""
    size = 1600
    drawing = synthetic.render(design, size).astype(np.float64) / 255
    picture = drawing[..., :3] * drawing[..., 3:] + 0.5 * (1 - drawing[..., 3:])
    left, top, right, bottom = (value * size / 100 for value in design.box)
    scale = (80 / 3) / max(right - left, bottom - top)
    width, height = (round(scale * 1.2 * length) for length in (right - left, bottom - top))
    # Crop pixel (x, y) has its middle at ((x + 1/2 - width/2) / scale + middle) of the drawing.
    to_crop = np.array(
        [[scale, 0, width / 2 - scale * (left + right) / 2], [0, scale, height / 2 - scale * (top + bottom) / 2]]
    )
    fine = 8
    crop = cv2.warpAffine(
        picture, to_crop * fine + [[0, 0, scale * fine / 2 - 0.5]], (width * fine, height * fine),
        flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT, borderValue=(0.5, 0.5, 0.5),
    )  # fmt: skip
    crop = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA)
    exposed = crop * 0.5 / crop.mean()
    return cv2.resize(np.rint(exposed.clip(0, 1) * 255).astype(np.uint8), (32, 32), interpolation=cv2.INTER_LINEAR)


@pytest.mark.parametrize("design", synthetic.every(), ids=lambda each: f"{each.class_id}-{each.name.replace(' ', '-')}")
def test_all_off_is_the_resized_design(design: synthetic.Design) -> None:
    pictures = photograph(np.full(40, design.class_id), [0], PLAIN).astype(np.float64)
    expected = reduced(design).astype(np.float64)
    # A class is photographed in all of its designs: one of the pictures must show this one.
    distance = np.abs(pictures - expected).mean(axis=(1, 2, 3)).min()
    assert distance < 6


def test_all_off_pictures_of_a_design_are_the_same() -> None:
    pictures = take(PLAIN, class_id=14)
    assert np.all(pictures == pictures[0])


@pytest.mark.parametrize("name", NAMES)
def test_a_factor_off_is_as_if_it_were_not_there(name: str) -> None:
    """Switching it off in the plain camera changes nothing; switching it on does."""
    camera = dataclasses.replace(PLAIN, **{name: dataclasses.replace(getattr(Camera(), name), chance=1.0)})
    plain, changed = photograph(ALL, [1], PLAIN), photograph(ALL, [1], camera)
    assert np.array_equal(photograph(ALL, [1], camera.without(name)), plain)
    assert np.abs(changed.astype(int) - plain).mean() > 0.3


@pytest.mark.parametrize("name", ["noise", "cast", "jpeg", "exposure", "glare"])
def test_switching_one_off_leaves_the_others_as_they_were(name: str) -> None:
    """Those that come last change no geometry, so with all others the same signs stand in the same places."""
    few = Camera().only("size", "turn", "tilt", "offset", "margin", "background", name)
    with_it, without = photograph(ALL, [2], few), photograph(ALL, [2], few.without(name))
    likeness = [
        np.corrcoef(grey(a[None]).ravel(), grey(b[None]).ravel())[0, 1] for a, b in zip(with_it, without, strict=True)
    ]
    assert np.median(likeness) > 0.8


def test_no_pictures_of_no_labels() -> None:
    assert photograph(np.array([], np.int64), [0], Camera()).shape == (0, 32, 32, 3)


def test_every_design_is_met_as_often_as_its_share() -> None:
    """The board around class 1 is white where the plain camera shows grey beside the other designs."""
    pictures = take(PLAIN, 1, 400)
    board = next(design for design in synthetic.variants(1) if design.name == "on a board")
    corners = pictures[:, :2, :2].mean(axis=(1, 2, 3)) / pictures[:, 15:17, 3:5].mean(axis=(1, 2, 3))
    shares = np.mean(corners > np.sort(np.unique(corners)).mean())
    assert shares == pytest.approx(board.share, abs=0.08)
