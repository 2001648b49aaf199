"""The camera: what each factor does to a picture, seen by itself."""

from __future__ import annotations

import dataclasses
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from roadsigns.data import synthetic
from roadsigns.data.synthetic import Camera, Factor
from roadsigns.data.synthetic.camera import photograph
from roadsigns.data.synthetic.distributions import Uniform
from roadsigns.preprocess import grey

PLAIN = Camera().only()
ALL = np.arange(43).repeat(3)
NAMES = [item.name for item in dataclasses.fields(Camera)]


def always(name: str, amount: float, camera: Camera = PLAIN) -> Camera:
    """`camera` with one factor at one amount in every picture."""
    factor: Factor = getattr(camera, name)
    distribution = Uniform(amount, np.nextafter(np.float32(amount), np.float32(np.inf)))
    return dataclasses.replace(camera, **{name: dataclasses.replace(factor, distribution=distribution, chance=1.0)})


def take(camera: Camera, class_id: int = 1, count: int = 20, seed: int = 0) -> np.ndarray:
    return photograph(np.full(count, class_id), [seed], camera).astype(np.float64)


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


def centre_of_red(picture: np.ndarray) -> np.ndarray:
    """Middle of the red pixels, x and y in pixels from the upper left corner."""
    rows, columns = np.nonzero(picture[..., 0] > picture[..., 1] + 40)
    return np.array([columns.mean(), rows.mean()]) + 0.5


def test_offset_moves_the_sign() -> None:
    middle = np.array([centre_of_red(each) for each in take(PLAIN, 17, 1)])
    assert middle == pytest.approx(np.array([[16, 16]]), abs=0.3)
    moved = np.array([centre_of_red(each) for each in take(Camera().only("offset"), 17, 60)])
    assert 0.3 < moved.std() < 2
    assert np.abs(moved - 16).max() < 4


def test_margins_are_wider_at_the_left_and_above() -> None:
    """By hand: 6 + 26.67 + 6 - 1.3 pixels are rounded to 37; the sign's middle is at 19.15 of them."""
    middle = np.array([centre_of_red(each) for each in take(always("margin", 6), 17, 1)])
    assert middle == pytest.approx(np.full((1, 2), 19.15 / 37 * 32), abs=0.15)


def test_turn_turns_clockwise() -> None:
    """The upper end of class 35's arrow moves to the right."""

    def tip(picture: np.ndarray) -> float:
        rows = grey(picture.astype(np.uint8)[None])[0].astype(float)[5:11, 8:24]
        return float((rows.sum(axis=0) * np.arange(16)).sum() / rows.sum())

    straight, turned = take(PLAIN, 35, 1)[0], take(always("turn", 12), 35, 1)[0]
    assert tip(turned) > tip(straight) + 0.2


def test_exposure_sets_the_mean() -> None:
    for amount in (0.05, 0.2, 0.4):
        pictures = take(always("exposure", amount), 2)
        assert pictures.mean() == pytest.approx(255 * amount, abs=3)


def test_contrast_parts_sign_and_scene() -> None:
    bright, dark = take(always("contrast", 3), 15)[0], take(always("contrast", 0.4), 15)[0]
    middle, corner = np.s_[12:20, 12:20], np.s_[:3, :3]
    assert bright[middle].mean() > 2 * bright[corner].mean()
    assert dark[middle].mean() < dark[corner].mean()


def test_noise_has_the_stated_strength() -> None:
    camera = always("noise", 6)
    noisy, plain = take(camera, 13, 200), take(PLAIN, 13, 1)
    # The picture of 32x32 is nearly the crop of the same size; mid-grey is the background's.
    deviation = (noisy - plain)[:, 28:31, 1:4].std()
    assert 3.5 < deviation < 7


def test_defocus_and_motion_spread_light() -> None:
    def sharpness(pictures: np.ndarray) -> float:
        return float(np.abs(np.diff(pictures, axis=2)).mean())

    plain = sharpness(take(PLAIN, 14))
    assert sharpness(take(always("defocus", 1.0), 14)) < 0.75 * plain
    across, down = take(always("motion", 0.12), 32, 60), take(PLAIN, 32, 1)
    assert sharpness(across) < 0.9 * sharpness(down)


def test_sky_brightens_upwards() -> None:
    pictures = take(always("sky", 0.5), 2)
    ratio = pictures[:, 0].mean() / pictures[:, 31].mean()  # 31 pixels apart; the sign is 80 / 3 high
    assert ratio == pytest.approx(np.exp(0.5 * 31 / (80 / 3)), rel=0.02)


def test_plate_is_below_the_sign_only() -> None:
    plain, plated = take(PLAIN, 2, 60), take(always("plate", 0.4), 2, 60)
    brighter = plated[:, 31, 16, 1] > 1.1 * plain[:, 31, 16, 1]
    assert 0.4 < brighter.mean() < 0.9  # the crop ends at 0.6 of the sign's height, a plate begins at 0.5 to 0.62
    relative = plated[:, :, 16] / plated[:, 16:17, 16]
    np.testing.assert_allclose(relative[:, :26], (plain[:, :, 16] / plain[:, 16:17, 16])[:, :26], atol=0.03)


def test_tone_darkens_dark_shades_most() -> None:
    """By hand: 0.8 of the way to its square, a red of 187 / 255 becomes 0.577, a white of 241 / 255 becomes 0.903."""
    dim = always("exposure", 0.2)
    plain, toned = take(dim, 17), take(always("tone", 0.8, dim), 17)
    for pictures, expected in ((plain, 187 / 241), (toned, 0.577 / 0.903)):
        ratio = pictures[:, 8, 16, 0] / pictures[:, 16, 16, 0]
        assert ratio.mean() == pytest.approx(expected, rel=0.03)


def test_sharpening_adds_the_difference_from_the_neighbours() -> None:
    """By hand, on crops that are 32x32 already and so dim that nothing clips."""
    dim = always("exposure", 0.2)
    plain, sharp = take(dim, 14), take(always("sharpening", 0.2, dim), 14)
    around = sum(np.roll(plain, step, axis) for step in (1, -1) for axis in (1, 2))
    expected = plain + 0.2 * (4 * plain - around)
    inside = np.s_[:, 1:-1, 1:-1]
    assert np.abs(expected[inside] - plain[inside]).max() > 20
    np.testing.assert_allclose(sharp[inside], expected[inside].clip(0, 255), atol=2)


def test_mosaic_sees_one_colour_a_pixel_as_opencv_fills_in_the_others() -> None:
    dim = always("exposure", 0.3)
    for plain, filtered in zip(take(dim, 14), take(always("mosaic", 1, dim), 14), strict=True):
        raw = plain[..., 1].copy()
        raw[::2, ::2], raw[1::2, 1::2] = plain[::2, ::2, 0], plain[1::2, 1::2, 2]
        expected = cv2.cvtColor(raw.astype(np.uint8), cv2.COLOR_BayerRGGB2RGB)
        inside = np.s_[2:-2, 2:-2]
        np.testing.assert_allclose(filtered[inside], expected[inside], atol=1)
        assert np.abs(plain - filtered).max() > 20


def test_blur_keeps_the_light() -> None:
    assert take(always("defocus", 1.5), 14).mean() == pytest.approx(take(PLAIN, 14).mean(), rel=0.01)


def test_cast_and_fringe_change_colours_only() -> None:
    cast = take(Camera().only("cast"), 32, 30)
    gains = cast[:, :2, :2].mean(axis=(1, 2))
    assert gains.std(axis=0).min() > 2


def test_jpeg_is_what_the_codec_makes() -> None:
    """Of a crop of 32x32 pixels, which the last step leaves as it is."""
    class_id = 14
    plain = photograph(np.array([class_id]), [0], PLAIN)[0]
    file = io.BytesIO()
    Image.fromarray(plain).save(file, "JPEG", quality=50)
    expected = np.asarray(Image.open(file))
    assert np.array_equal(photograph(np.array([class_id]), [0], always("jpeg", 50))[0], expected)


def test_smallest_and_largest_signs() -> None:
    for amount in (12, 60):
        pictures = photograph(ALL, [0], always("size", amount))
        assert pictures.shape == (len(ALL), 32, 32, 3)
        assert pictures.std(axis=(1, 2, 3)).min() > 3


def test_no_pictures_of_no_labels() -> None:
    assert photograph(np.array([], np.int64), [0], Camera()).shape == (0, 32, 32, 3)


def test_every_design_is_met_as_often_as_its_share() -> None:
    """The board around class 1 is white where the plain camera shows grey beside the other designs."""
    pictures = take(PLAIN, 1, 400)
    board = next(design for design in synthetic.variants(1) if design.name == "on a board")
    corners = pictures[:, :2, :2].mean(axis=(1, 2, 3)) / pictures[:, 15:17, 3:5].mean(axis=(1, 2, 3))
    shares = np.mean(corners > np.sort(np.unique(corners)).mean())
    assert shares == pytest.approx(board.share, abs=0.08)
