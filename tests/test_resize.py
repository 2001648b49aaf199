"""Both ways to 32x32 pixels, each against another library and against its twin in TensorFlow operations."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import strategies
from pictures import draw_signs
from roadsigns.resize import graph_resize, graph_resize_bilinear, resize, resize_bilinear
from strategies import Pixels

ANY_SIZE = [tf.TensorSpec([None, None, None, 3], tf.uint8)]
TWIN = tf.function(graph_resize, input_signature=ANY_SIZE, autograph=False)
BILINEAR_TWIN = tf.function(graph_resize_bilinear, input_signature=ANY_SIZE, autograph=False)


def noise(height: int, width: int, count: int = 1, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def opencv(images: Pixels, how: int = cv2.INTER_LINEAR, size: tuple[int, int] = (32, 32)) -> Pixels:
    return np.stack([cv2.resize(image, size, interpolation=how) for image in images])


def area_means(images: Pixels) -> Pixels:
    """Each pixel 32 times along both axes, then plain means, half a level up."""
    count, height, width, _ = images.shape
    large = images.astype(np.int64).repeat(32, axis=1).reshape(count, 32, height, width, 3).sum(axis=2)
    large = large.repeat(32, axis=2).reshape(count, 32, 32, width, 3).sum(axis=3)
    return np.floor(large / (height * width) + 0.5).astype(np.uint8)


SMALL = st.integers(1, 32)
LARGE = st.integers(32, 200)


@given(height=SMALL, width=SMALL, seed=strategies.SEEDS)
def test_a_small_picture_grows_as_opencv_has_it(height: int, width: int, seed: int) -> None:
    images = noise(height, width, 2, seed)
    np.testing.assert_array_equal(resize(images), opencv(images))
    np.testing.assert_array_equal(TWIN(images), opencv(images))


@given(height=LARGE, width=LARGE, seed=strategies.SEEDS)
def test_a_large_picture_shrinks_to_means_over_areas(height: int, width: int, seed: int) -> None:
    images = noise(height, width, 2, seed)
    want = area_means(images) if max(height, width) > 32 else images
    np.testing.assert_array_equal(resize(images), want)
    np.testing.assert_array_equal(TWIN(images), want)


SIZES = [(1, 300), (300, 1), (31, 33), (33, 31), (64, 32), (16, 128), (96, 96), (500, 700), (2000, 40), (1, 65_535)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_twins_agree_at(height: int, width: int) -> None:
    images = noise(height, width, 3)
    np.testing.assert_array_equal(TWIN(images), resize(images))


@pytest.mark.parametrize("size", [(33, 33), (40, 56), (64, 64), (100, 75), (640, 480), (1200, 1600)])
def test_shrinking_is_within_a_level_of_opencv(size: tuple[int, int]) -> None:
    images = noise(*size)
    assert np.abs(resize(images).astype(int) - opencv(images, cv2.INTER_AREA)).max() <= 1


@pytest.mark.parametrize("size", [(64, 64), (640, 480), (96, 320)])
def test_shrinking_by_whole_numbers_is_within_a_level_of_pillow(size: tuple[int, int]) -> None:
    """Pillow takes a pixel that lies in two areas for one of them alone."""
    [image] = images = noise(*size)
    pillow = Image.fromarray(image).resize((32, 32), Image.Resampling.BOX)
    assert np.abs(resize(images)[0].astype(int) - np.asarray(pillow, int)).max() <= 1


@pytest.mark.parametrize(("height", "width"), [(5, 70), (70, 5), (1, 999), (31, 33)])
def test_a_picture_that_is_short_one_way_grows_that_way_alone(height: int, width: int) -> None:
    """Whichever way goes first, apart from one level."""
    images = noise(height, width)
    grown = opencv(images, size=(width, 32) if height < 32 else (32, height))
    want = opencv(grown, cv2.INTER_AREA).astype(int)
    assert np.abs(resize(images).astype(int) - want).max() <= 1


def test_fine_patterns_become_grey() -> None:
    """Sampling four pixels of each patch would find black and white."""
    stripes = np.zeros((1, 33 * 32, 33 * 32, 3), np.uint8)
    stripes[:, ::2] = 255
    made = resize(stripes)
    assert 120 < made.min() <= made.max() < 135
    assert set(resize_bilinear(stripes).ravel().tolist()) == {0, 255}


def test_many_pictures_are_as_one_by_one() -> None:
    images = noise(33, 1100, 40)
    np.testing.assert_array_equal(resize(images), np.concatenate([resize(each[np.newaxis]) for each in images]))
    np.testing.assert_array_equal(TWIN(images), resize(images))  # too wide to be taken together


@pytest.mark.parametrize("shape", [(1024, 65_535), (65_535, 1024), (8192, 8192)])
def test_the_largest_pictures_take_little_memory(shape: tuple[int, int]) -> None:
    images = np.zeros((1, *shape, 3), np.uint8)
    tracemalloc.start()
    try:
        resize(images)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


@given(height=st.integers(1, 300), width=st.integers(1, 300), seed=strategies.SEEDS)
def test_bilinear_equals_opencv(height: int, width: int, seed: int) -> None:
    images = noise(height, width, 2, seed)
    np.testing.assert_array_equal(resize_bilinear(images), opencv(images))
    np.testing.assert_array_equal(BILINEAR_TWIN(images), opencv(images))


BILINEAR_SIZES = [(1, 1), (1, 300), (300, 1), (2, 2), (3, 5), (31, 33), (32, 32), (64, 64), (64, 32), (16, 128)]


@pytest.mark.parametrize(("height", "width"), BILINEAR_SIZES)
def test_bilinear_equals_opencv_at(height: int, width: int) -> None:
    images = noise(height, width, seed=height)
    np.testing.assert_array_equal(resize_bilinear(images), opencv(images))


BOTH = pytest.mark.parametrize("function", [resize, resize_bilinear])


@BOTH
def test_no_picture_stays_none(function: Callable[[Pixels], Pixels]) -> None:
    assert function(np.zeros((0, 7, 9, 3), np.uint8)).shape == (0, 32, 32, 3)
    assert function(np.zeros((0, 70, 90, 3), np.uint8)).shape == (0, 32, 32, 3)


@pytest.mark.parametrize("size", [(7, 9), (70, 90)])
def test_no_picture_stays_none_in_the_graph(size: tuple[int, int]) -> None:
    assert TWIN(np.zeros((0, *size, 3), np.uint8)).shape == (0, 32, 32, 3)


@BOTH
def test_32_by_32_is_left_alone(function: Callable[[Pixels], Pixels]) -> None:
    images = draw_signs(3, 0)[0]
    made = function(images)
    np.testing.assert_array_equal(made, images)
    assert not np.shares_memory(made, images)
    np.testing.assert_array_equal(TWIN(images), images)


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "floats": (np.zeros((1, 9, 9, 3)), TypeError, "shape (N, H, W, 3). Received: float64"),
    "one": (np.zeros((9, 9, 3), np.uint8), ValueError, "Received: shape (9, 9, 3)"),
    "grey": (np.zeros((1, 9, 9), np.uint8), ValueError, "Received: shape (1, 9, 9)"),
    "no height": (np.zeros((1, 0, 9, 3), np.uint8), ValueError, "at least one pixel. Received: shape (1, 0, 9, 3)"),
    "no width": (np.zeros((1, 9, 0, 3), np.uint8), ValueError, "at least one pixel. Received: shape (1, 9, 0, 3)"),
}


@BOTH
@pytest.mark.parametrize(("images", "kind", "message"), BAD.values(), ids=BAD.keys())
def test_pictures_of_another_form_are_refused(
    function: Callable[[Any], Any], images: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=re.escape(message)) as refused:
        function(images)
    assert str(refused.value).startswith("`images` ")


@pytest.mark.parametrize("shape", [(1, 0, 9, 3), (1, 9, 0, 3), (2, 70, 0, 3)])
def test_the_graph_refuses_pictures_without_pixels(shape: tuple[int, ...]) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="Pictures have no pixels"):
        TWIN(np.zeros(shape, np.uint8))


def test_pictures_of_many_sizes_are_resized_inside_a_tf_data_map() -> None:
    pictures = [noise(height, width)[0] for height, width in (*SIZES, *BILINEAR_SIZES)]
    source = tf.data.Dataset.from_generator(
        lambda: iter(pictures), output_signature=tf.TensorSpec([None, None, 3], tf.uint8)
    )
    resized = list(source.map(lambda picture: graph_resize(picture[tf.newaxis])[0]).as_numpy_iterator())
    np.testing.assert_array_equal(resized, [resize(picture[np.newaxis])[0] for picture in pictures])
