from __future__ import annotations

import io
import re

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from labelled import pixels, png
from roadsigns.data.pixels import sign
from roadsigns.errors import DataError


def same(made: np.ndarray, expected: np.ndarray) -> None:
    """`made` is `expected` shrunk to means over areas, but for how OpenCV rounds."""
    small = cv2.resize(np.ascontiguousarray(expected), (32, 32), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(made.astype(int), small.astype(int), atol=1)


@pytest.mark.parametrize("form", ["PNG", "PPM", "BMP", "TIFF", "WEBP"])
def test_a_whole_picture_is_resized(form: str) -> None:
    lossless = {"lossless": True} if form == "WEBP" else {}
    same(sign(png(pixels(1), form, **lossless), "a"), pixels(1))


def test_the_benchmarks_pictures_are_resized_as_the_published_ones_were() -> None:
    published = cv2.resize(pixels(1), (32, 32), interpolation=cv2.INTER_LINEAR)
    for form in ("PNG", "PPM"):
        np.testing.assert_array_equal(sign(png(pixels(1), form), "a", published=True), published)


def noted(form: str, orientation: int) -> bytes:
    """A picture whose EXIF says how it is to be turned; of a few large squares, so that JPEG hardly changes it."""
    squares = np.kron(pixels(2, 5, 3), np.ones((16, 16, 1), np.uint8)).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(squares).save(file, form, exif=exif, quality=95)
    return file.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_as_a_viewer_turns_it(form: str, orientation: int) -> None:
    data = noted(form, orientation)
    with Image.open(io.BytesIO(data)) as image:
        shown = np.asarray(ImageOps.exif_transpose(image))
    assert (shown.shape[0] > shown.shape[1]) == (orientation < 5)
    same(sign(data, "a"), shown)


def test_a_senseless_note_turns_nothing() -> None:
    np.testing.assert_array_equal(sign(noted("JPEG", 77), "a"), sign(noted("JPEG", 1), "a"))


@pytest.mark.parametrize(
    ("box", "part"),
    [
        ((40, 60, 70, 100), np.s_[55:105, 35:75]),  # at least five pixels
        ((20, 30, 120, 180), np.s_[15:195, 10:130]),  # a tenth
        ((0, 0, 200, 240), np.s_[:, :]),
        ((-10, -20, 30, 50), np.s_[:57, :35]),
        ((150, 200, 260, 300), np.s_[190:, 139:]),
    ],
)
def test_a_box_is_cut_with_the_benchmarks_margin(box: tuple[int, int, int, int], part: object) -> None:
    image = pixels(3, 240, 200)
    same(sign(png(image), "a", box), image[part])  # type: ignore[index]


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((9, 9, 9, 20), "a: the box (9, 9, 9, 20) is empty or upside down; expected x1 < x2 and y1 < y2"),
        ((9, 20, 19, 9), "is empty or upside down"),
        ((36, 0, 50, 9), "a: the box (36, 0, 50, 9) lies outside of the picture of 36 x 40 pixels"),
        ((-9, 0, 0, 9), "lies outside of the picture"),
        ((0, 40, 9, 50), "lies outside of the picture"),
    ],
)
def test_a_box_that_is_none_is_refused(box: tuple[int, int, int, int], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        sign(png(pixels(1)), "a", box)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a is empty: expected a picture file"),
        (b"<svg/>", "a is no picture, or of another format: expected PNG, JPEG, WebP, "),
        (b"GIF89a", "a is no picture, or of another format"),
        (png(pixels(1))[:-40], "a is a damaged PNG file"),
        (b"P6\n1 1\n255\n", "a is a damaged picture file: "),
    ],
)
def test_damage_is_told(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        sign(data, "a")
