"""Augmentation: nothing at amount 0, the warp against SciPy, classes that follow the mirror, a seed's own bits."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from pictures import draw_signs
from roadsigns import signs
from roadsigns.classes import Classes
from roadsigns.config.train import TrainOptions
from roadsigns.train import augment
from roadsigns.train.augment import Amounts

IMAGES, _ = draw_signs(16, seed=4)
LABELS = np.arange(16, dtype=np.int32) + 10
SEED = np.array([1, 2], np.int32)
NOTHING = Amounts().times(0)


def only(**amounts: float) -> Amounts:
    return Amounts(**{**vars(NOTHING), **amounts})


def changed(amounts: Amounts, seed: np.ndarray = SEED, images: np.ndarray = IMAGES, labels: np.ndarray = LABELS):
    x, classes = augment.augment(images, labels, seed, amounts)
    return np.asarray(x), np.asarray(classes)


def test_amount_0_changes_nothing() -> None:
    x, labels = changed(NOTHING)
    np.testing.assert_allclose(x, IMAGES / 255, atol=2e-4)  # black stays a little above 0 for the sake of gamma
    np.testing.assert_array_equal(labels, LABELS)


@settings(max_examples=20)
@given(count=st.integers(0, 4), seed=st.integers(0, 2**31 - 1), factor=st.floats(0, 3))
def test_shape_dtype_and_range(count: int, seed: int, factor: float) -> None:
    images, labels = IMAGES[:count], LABELS[:count]
    x, classes = changed(Amounts().times(factor), np.array([seed, 0], np.int32), images, labels)
    assert (x.dtype, x.shape, classes.dtype, classes.shape) == (np.float32, (count, 32, 32, 3), np.int32, (count,))
    assert np.isfinite(x).all() and (x >= 0).all() and (x <= 1).all()
    assert set(classes) <= set(labels) | {signs.MIRRORED.get(int(label), -1) for label in labels}


def test_classes_are_mirrored_only_where_they_say_so() -> None:
    classes = Classes(("left", "right", "both", "text"), mirrored=(1, 0, 2, None))
    images, labels = np.repeat(IMAGES[:1], 400, axis=0), np.arange(400, dtype=np.int32) % 4
    made, become = (np.asarray(each) for each in augment.augment(images, labels, SEED, only(mirror=1), classes))
    flipped = np.abs(made - IMAGES[0, :, ::-1] / 255).max(axis=(1, 2, 3)) < 1e-3
    for label in range(4):
        share = flipped[labels == label].mean()
        assert share == 0 if label == 3 else 0.35 < share < 0.65
    expected = np.where(flipped, np.array([1, 0, 2, 3])[labels], labels)
    np.testing.assert_array_equal(become, expected)


def test_a_seed_gives_its_bits_compiled_or_not() -> None:
    once = changed(Amounts())
    np.testing.assert_array_equal(once[0], changed(Amounts())[0])
    one, other = (np.asarray(augment.compiled(Amounts())(IMAGES, LABELS, SEED)[0]) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(once[0], one, atol=1e-5)
    assert not np.array_equal(once[0], changed(Amounts(), SEED + 1)[0])


def test_every_picture_has_its_own_draw() -> None:
    same = np.repeat(IMAGES[:1], 16, axis=0)
    x, _ = changed(Amounts(), images=same, labels=np.full(16, 2, np.int32))
    assert len({picture.tobytes() for picture in x}) == 16


def test_labels_follow_the_mirror() -> None:
    labels = np.repeat(np.arange(43, dtype=np.int32), 20)
    images = np.random.default_rng(0).integers(1, 255, (43, 32, 32, 3)).astype(np.uint8)[labels]
    x, classes = changed(only(mirror=True), images=images, labels=labels)
    flipped = 0
    for picture, source, label, found in zip(x, images / 255, labels, classes, strict=True):
        if np.allclose(picture, source, atol=1e-3):
            assert found == label
        else:
            np.testing.assert_allclose(picture, source[:, ::-1], atol=1e-3)
            assert found == signs.MIRRORED[int(label)]
            flipped += 1
    assert 0.4 < flipped / (20 * len(signs.MIRRORED)) < 0.6


def marked(side: int = 32) -> np.ndarray:
    """A picture that says where its pixels come from: red the column, green the row, in 1/8 of a step."""
    steps = np.arange(side, dtype=np.uint8) * 8
    return np.stack([*np.meshgrid(steps, steps), np.zeros((side, side), np.uint8)], axis=2)


@pytest.mark.parametrize(
    ("amounts", "corner"),
    [
        (only(shift=0.3), 0.3 * 15.5),
        (only(turn=20), 15.5 * np.hypot(1, 1) * np.radians(20)),
        (only(scale=0.2), 15.5 * (np.exp(0.2) - 1)),
        (only(shear=0.1), 15.5 * 0.1),
    ],
    ids=["shift", "turn", "scale", "shear"],
)
def test_pixels_move_as_far_as_they_may(amounts: Amounts, corner: float) -> None:
    count = 200
    x, _ = changed(amounts, images=np.repeat(marked()[None], count, axis=0), labels=np.full(count, 2, np.int32))
    places = x[:, 12:20, 12:20, :2] * 255 / 8  # the middle: nothing of it comes from beyond the edge
    moved = np.abs(places - (marked()[12:20, 12:20, :2] / 8)).max(axis=(1, 2, 3))
    assert moved.max() <= corner + 0.01
    assert moved.max() > 0.1 * corner


def test_framing_is_looser_or_tighter_in_a_quarter_of_the_pictures() -> None:
    count = 2000
    images = np.repeat(marked()[None], count, axis=0)
    x, _ = changed(only(looser=np.log(1.8), tighter=np.log(1.25)), images=images, labels=np.full(count, 2, np.int32))
    step = (x[:, 16, 17, 0] - x[:, 16, 14, 0]) * 255 / 8 / 3
    other = np.abs(step - 1) > 1e-3
    assert other.mean() == pytest.approx(0.25, abs=0.04)
    assert step.min() == pytest.approx(1 / 1.25, abs=0.02) and step.max() == pytest.approx(1.8, abs=0.02)


def roughness(pictures: np.ndarray) -> np.ndarray:
    return sum(np.abs(np.diff(pictures, axis=axis)).mean(axis=(1, 2, 3)) for axis in (1, 2))


def test_filters_keep_the_light_and_soften() -> None:
    for amounts in (only(blur=0.25), only(smear=1 / 3), only(coarse=1)):
        x, _ = changed(amounts, images=np.repeat(IMAGES[:1], 100, axis=0), labels=np.full(100, 2, np.int32))
        sharp = IMAGES[0] / 255
        np.testing.assert_allclose(x[:, 4:-4, 4:-4].mean(axis=(1, 2, 3)), sharp[4:-4, 4:-4].mean(), atol=0.03)
        rough = roughness(x)
        assert rough.min() < 0.9 * roughness(sharp[None])[0] and rough.max() < 1.001 * roughness(sharp[None])[0]


def test_blur_is_the_binomial_filter() -> None:
    x, _ = changed(only(blur=0.25), images=np.repeat(IMAGES[:1], 400, axis=0), labels=np.full(400, 2, np.int32))
    kernel = np.array([1, 2, 1]) / 4
    full = IMAGES[0] / 255
    for axis in (0, 1):
        full = ndimage.correlate1d(full, kernel, axis=axis, mode="nearest")
    assert np.abs(x - full).max(axis=(1, 2, 3)).min() < 0.02


def test_cover_hides_one_rectangle_in_half_of_the_pictures() -> None:
    white = np.full((400, 32, 32, 3), 255, np.uint8)
    x, _ = changed(only(cover=10 / 16), images=white, labels=np.full(400, 2, np.int32))
    hidden = (x < 0.999).any(axis=3)
    sizes = hidden.sum(axis=(1, 2))
    assert 0.4 < (sizes > 0).mean() < 0.6
    for mask, size in zip(hidden, sizes, strict=True):
        if size:
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            assert size == len(rows) * len(columns) and max(len(rows), len(columns)) <= 10
    for picture, mask in zip(x, hidden, strict=True):
        assert len(np.unique(picture[mask], axis=0)) == bool(mask.any())


def test_light_moves_every_channel_by_one_rule() -> None:
    """Without gamma and saturation what comes out is a gain and an offset of what came in, channel by channel."""
    images = (64 + IMAGES // 4).astype(np.uint8)  # nothing is cut off
    x, _ = changed(only(contrast=0.2, brightness=0.2, colour=0.1, offset=0.05), images=images)
    for picture, source in zip(x, images / 255, strict=True):
        for channel in range(3):
            (gain, shift), *_ = np.polyfit(source[..., channel].ravel(), picture[..., channel].ravel(), 1, full=True)
            np.testing.assert_allclose(picture[..., channel], gain * source[..., channel] + shift, atol=2e-3)
            assert np.exp(-0.31) < gain < np.exp(0.31)


def test_noise_has_the_deviation() -> None:
    grey = np.full((2000, 32, 32, 3), 128, np.uint8)
    x, _ = changed(only(noise=0.1), images=grey, labels=np.full(2000, 2, np.int32))
    deviations = x.std(axis=(1, 2, 3)) / 0.1
    assert deviations.max() == pytest.approx(1, abs=0.05)
    assert deviations.mean() == pytest.approx(1 / 3, abs=0.03)  # of a squared uniform number
    assert np.abs(x.mean(axis=(1, 2, 3)) - 128 / 255).max() < 0.01


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_amounts_out_of_range_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"Invalid value for `turn`: expected a number of at least 0\. Received"):
        Amounts(turn=value)


def test_damage_adds_what_poor_cameras_do() -> None:
    assert Amounts().damaged(0) == Amounts()
    some, more = NOTHING.damaged(0.5), NOTHING.damaged(3)
    assert (some.noise, some.cover, some.exposure, some.jpeg) == (0.05, 0.2, 0.7, 0.5)
    assert (more.turn, more.shift, more.jpeg, more.mirror) == (0, 0, 1, False)  # no quality is below 10


@pytest.mark.parametrize(("options", "changes"), [({}, False), ({"augment": 0.5}, True), ({"damage": 0.5}, True)])
def test_a_run_asks_for_amounts(options: dict[str, float], changes: bool) -> None:
    amounts = augment.asked(TrainOptions(**options))
    assert (amounts is not None) == changes
    assert amounts is None or (amounts.turn, amounts.jpeg) == (12 * options.get("augment", 0), options.get("damage", 0))


def test_exposure_is_a_factor_of_the_light() -> None:
    grey = np.full((400, 32, 32, 3), 64, np.uint8)
    x, _ = changed(only(exposure=1.0), images=grey, labels=np.full(400, 2, np.int32))
    factors = np.log(x[:, 0, 0] * 255 / 64)
    assert np.ptp(factors, axis=1).max() < 1e-3  # of all channels alike
    assert -1 <= factors.min() < -0.9 and 0.9 < factors.max() <= 1
    assert np.quantile(np.abs(factors), 0.5) == pytest.approx(1 / 8, abs=0.04)  # of a cubed uniform number


def saved(picture: np.ndarray, quality: int) -> np.ndarray:
    """The picture after Pillow's JPEG."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(file), np.float64)


def test_jpeg_is_that_of_pillow() -> None:
    """Each compressed picture is much nearer to Pillow's at some quality than either is to the original."""
    count = 200
    x, _ = changed(only(jpeg=1), images=np.repeat(IMAGES[:1], count, axis=0), labels=np.full(count, 2, np.int32))
    made = x * 255
    far = np.abs(made - IMAGES[0]).mean(axis=(1, 2, 3))
    assert 0.15 < (far > 0.5).mean() < 0.35
    theirs = np.stack([saved(IMAGES[0], quality) for quality in range(10, 101)])
    nearest = []
    for picture in made[far > 2]:
        distances = np.abs(theirs - picture).mean(axis=(1, 2, 3))
        assert distances.min() < 0.4 * np.abs(picture - IMAGES[0]).mean()
        nearest.append(10 + int(distances.argmin()))
    assert min(nearest) < 25 and len(set(nearest)) > 10


def test_jpeg_of_grey_needs_no_colour() -> None:
    grey = np.repeat(IMAGES[:1, :, :, :1], 3, axis=3)
    x, _ = changed(only(jpeg=1), images=np.repeat(grey, 40, axis=0), labels=np.full(40, 2, np.int32))
    assert np.ptp(x, axis=3).max() < 1e-3
