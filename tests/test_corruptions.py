"""Each corruption against SciPy, OpenCV, Pillow or by hand; what holds of all of them as properties."""

import io
import re

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

import strategies
from roadsigns import corruptions
from roadsigns.corruptions import CORRUPTIONS, LEVELS, SEVEN, corrupt

IMAGES = np.random.default_rng(1).integers(0, 256, (6, 32, 32, 3), np.uint8)
SMOOTH = np.stack([cv2.GaussianBlur(picture, (0, 0), 3) for picture in IMAGES])
WIDE = np.random.default_rng(2).integers(0, 256, (3, 20, 31, 3), np.uint8)
CALM = {"noise", "blur", "smear", "brightness", "contrast", "fog", "occlusion", "pixelate", "shift", "turn"}


def dice():
    return np.random.default_rng(5)


def within_one(ours, theirs):
    np.testing.assert_allclose(ours.astype(int), theirs.astype(int), atol=1)


def test_noise_has_the_spread_it_says():
    grey = np.full((40, 32, 32, 3), 128, np.uint8)
    changed = corruptions.noise(grey, 0.1, dice()).astype(float) - 128
    assert changed.std() == pytest.approx(25.5, rel=0.01) and abs(changed.mean()) < 0.2
    assert abs(np.corrcoef(changed[:, :, :-1].ravel(), changed[:, :, 1:].ravel())[0, 1]) < 0.01


@pytest.mark.parametrize("images", [IMAGES, WIDE], ids=["square", "wide"])
@pytest.mark.parametrize("spread", [0.6, 1.5, 9])
def test_blur_is_scipys(images, spread):
    theirs = ndimage.gaussian_filter(images.astype(float), (0, spread, spread, 0), mode="nearest", truncate=4)
    within_one(corruptions.blur(images, spread, dice()), np.rint(theirs))
    assert (corruptions.blur(images, spread, dice()) == np.rint(theirs)).mean() > 0.999


def moved(picture, down, right):
    return ndimage.shift(picture.astype(float), (down, right, 0), order=1, mode="nearest")


@pytest.mark.parametrize("images", [IMAGES, WIDE], ids=["square", "wide"])
def test_shift_is_scipys(images):
    ours = corruptions.shift(images, 0.1, dice())
    angles = dice().uniform(0, 2 * np.pi, len(images))
    far = 0.1 * images.shape[2]
    for picture, shifted, angle in zip(images, ours, angles, strict=True):
        within_one(shifted, np.rint(moved(picture, far * np.sin(angle), far * np.cos(angle))))


def test_smear_is_the_mean_of_shifts_on_a_line():
    ours = corruptions.smear(IMAGES, 2, dice())
    for picture, smeared, angle in zip(IMAGES, ours, dice().uniform(0, np.pi, 6), strict=True):
        ways = (-1, -0.5, 0, 0.5, 1)
        theirs = np.mean([moved(picture, way * np.sin(angle), way * np.cos(angle)) for way in ways], axis=0)
        within_one(smeared, np.rint(theirs))


def test_turn_is_opencvs():
    """OpenCV places pixels to a 32nd, so smooth pictures are compared."""
    ours = corruptions.turn(SMOOTH, 20, dice())
    for picture, turned, side in zip(SMOOTH, ours, dice().choice([-1.0, 1.0], 6), strict=True):
        matrix = cv2.getRotationMatrix2D((15.5, 15.5), -20 * side, 1)
        theirs = cv2.warpAffine(picture, matrix, (32, 32), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        np.testing.assert_allclose(turned.astype(int), theirs.astype(int), atol=3)
        assert np.abs(turned.astype(int) - theirs).mean() < 0.5


def test_turn_by_a_right_angle_is_numpys():
    ours = corruptions.turn(IMAGES, 90, dice())
    for picture, turned, side in zip(IMAGES, ours, dice().choice([-1.0, 1.0], 6), strict=True):
        within_one(turned, np.rot90(picture, -side))


def test_brightness_is_a_factor_by_hand():
    grey = np.full((8, 2, 2, 3), 60, np.uint8)
    assert set(corruptions.brightness(grey, 1, dice()).ravel()) == {30, 120}
    bright = corruptions.brightness(grey + 100, 1, dice())
    assert set(bright.ravel()) == {80, 255}, "white is the end"


def test_contrast_by_hand():
    picture = np.array([[[[0] * 3, [200] * 3]]], np.uint8)
    assert corruptions.contrast(picture, 0.5, dice())[0, 0, :, 0].tolist() == [50, 150]
    assert corruptions.contrast(picture, 1, dice())[0, 0, :, 0].tolist() == [100, 100]


def test_fog_hides_the_share_it_says_and_smoothly():
    black = np.zeros((200, 32, 32, 3), np.uint8)
    hidden = corruptions.fog(black, 0.4, dice())[..., 1] / 226
    assert hidden.mean() == pytest.approx(0.4, abs=0.01)
    assert 0.19 < hidden.min() < 0.25 and 0.55 < hidden.max() < 0.61
    assert np.abs(np.diff(hidden, axis=1)).max() < 0.06, "SciPy's zoom of a 4 x 4 grid has no steps either"
    theirs = ndimage.zoom(dice().uniform(0.5, 1.5, (200, 4, 4, 1))[0, ..., 0], 8, order=1) * 0.4
    np.testing.assert_allclose(hidden[0], theirs, atol=0.01)


def test_occlusion_covers_one_square_within_the_picture():
    for picture, covered in zip(IMAGES, corruptions.occlusion(IMAGES, 0.25, dice()), strict=True):
        rows, columns = np.nonzero((picture != covered).any(axis=2))
        assert np.ptp(rows) == np.ptp(columns) == 7
        square = covered[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].reshape(-1, 3)
        assert len(np.unique(square, axis=0)) == 1


def test_jpeg_is_pillows():
    file = io.BytesIO()
    Image.fromarray(SMOOTH[0]).save(file, "JPEG", quality=20, subsampling=2)
    np.testing.assert_array_equal(corruptions.jpeg(SMOOTH, 80, dice())[0], np.asarray(Image.open(file)))
    assert np.abs(corruptions.jpeg(SMOOTH, 5, dice()).astype(int) - SMOOTH).mean() < 5


def test_pixelate_is_the_mean_of_blocks():
    blocks = IMAGES.reshape(6, 16, 2, 16, 2, 3).mean(axis=(2, 4))
    within_one(corruptions.pixelate(IMAGES, 0.5, dice()), np.rint(blocks.repeat(2, axis=1).repeat(2, axis=2)))


@pytest.mark.parametrize("name", sorted(CALM - {"blur"}))
def test_amount_0_changes_nothing(name):
    np.testing.assert_array_equal(CORRUPTIONS[name].apply(IMAGES, 0, dice()), IMAGES)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_levels_are_five_and_grow(name):
    """Against the picture itself, each level is further off than the one before."""
    assert len(CORRUPTIONS[name].amounts) == len(LEVELS) == 5
    many = np.tile(SMOOTH, (40, 1, 1, 1))
    off = [np.abs(corrupt(many, name, level).astype(float) - many).mean() for level in LEVELS]
    assert off == sorted(off) and len(set(off)) == 5


@pytest.mark.parametrize("name", CORRUPTIONS)
@given(
    seed=strategies.SEEDS,
    level=st.sampled_from(LEVELS),
    count=st.integers(0, 4),
    sides=st.sampled_from([(32, 32), (1, 1), (5, 17)]),
)
def test_form_and_seed(name, seed, level, count, sides):
    images = np.random.default_rng(seed).integers(0, 256, (count, *sides, 3), np.uint8)
    before = images.copy()
    once = corrupt(images, name, level, seed)
    assert once.dtype == np.uint8 and once.shape == images.shape
    np.testing.assert_array_equal(images, before)
    assert not np.shares_memory(once, images)
    np.testing.assert_array_equal(corrupt(images, name, level, seed), once)
    np.testing.assert_array_equal(corrupt(images[:1], name, level, seed), once[:1])


@pytest.mark.parametrize("name", sorted(set(CORRUPTIONS) - {"blur", "contrast", "jpeg", "pixelate"}))
def test_another_seed_is_other_luck(name):
    assert (corrupt(SMOOTH, name, 3, seed=0) != corrupt(SMOOTH, name, 3, seed=1)).any()


def test_seven_are_of_them():
    assert len(set(SEVEN)) == 7 and set(SEVEN) <= set(CORRUPTIONS)


@pytest.mark.parametrize(
    ("images", "name", "level", "error", "message"),
    [
        (IMAGES.astype(float), "fog", 1, TypeError, "`images` must be uint8 pixels (0..255). Received: float64"),
        (IMAGES[0], "fog", 1, ValueError, "(N, H, W, 3). Received: (32, 32, 3)"),
        (IMAGES[..., :1], "fog", 1, ValueError, "(N, H, W, 3). Received: (6, 32, 32, 1)"),
        (IMAGES, "snow", 1, ValueError, "expected noise, blur, smear,"),
        (IMAGES, "fog", 0, ValueError, "Invalid value for `level`: expected 1..5. Received: 0"),
        (IMAGES, "fog", 6, ValueError, "Received: 6"),
    ],
)
def test_bad_arguments(images, name, level, error, message):
    with pytest.raises(error, match=re.escape(message)):
        corrupt(images, name, level)
