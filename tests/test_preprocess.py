from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given

import strategies
from oracles import oracle_equalize, oracle_grey, oracle_preprocess
from pictures import draw_signs
from roadsigns import preprocess as room
from roadsigns.preprocess import equalize, graph_equalize, graph_grey, graph_preprocess, grey
from strategies import Pixels

ANY_SIZE = tf.TensorSpec([None, None, None, None], tf.uint8)


def test_levels_are_those_of_a_division_in_float32() -> None:
    assert room.LEVELS.dtype == np.float32
    assert [level.tobytes() for level in room.LEVELS] == [
        (np.float32(k) / np.float32(255)).tobytes() for k in range(256)
    ]


FEW_OR_MANY = pytest.mark.parametrize("few", [0, room._FEW])
"""Whether every batch is taken as a large one, or a small one as such."""


@FEW_OR_MANY
@given(images=strategies.images())
def test_preprocess_is_what_the_notebook_called(few: int, images: Pixels) -> None:
    with mock.patch.object(room, "_FEW", few):
        np.testing.assert_array_equal(room.preprocess(images), oracle_preprocess(images))


@given(images=strategies.images(), layout=strategies.layouts())
def test_preprocess_holds_shape_dtype_range_and_leaves_its_input(
    images: Pixels, layout: Callable[[Pixels], Pixels]
) -> None:
    given = layout(images)
    x = room.preprocess(given)
    assert x.shape == (len(images), 32, 32, 1) and x.dtype == np.float32
    assert np.all((x >= 0) & (x <= 1))
    np.testing.assert_array_equal(given, images, "input touched")
    np.testing.assert_array_equal(x, room.preprocess(images), "memory layout matters")


@given(images=strategies.images(max_batch=6))
def test_preprocess_batch_equals_one_by_one(images: Pixels) -> None:
    one_by_one = [room.preprocess(images[i : i + 1]) for i in range(len(images))]
    np.testing.assert_array_equal(room.preprocess(images), np.concatenate([np.zeros((0, 32, 32, 1)), *one_by_one]))


def test_preprocess_gives_a_new_array_each_time() -> None:
    images = draw_signs(2, 0)[0]
    first = room.preprocess(images)
    second = room.preprocess(images)
    first[...] = 7
    np.testing.assert_array_equal(second, oracle_preprocess(images))


def test_preprocess_equalizes_more_than_one_block() -> None:
    images = np.random.default_rng(0).integers(0, 256, (1030, 32, 32, 3), dtype=np.uint8)
    x = room.preprocess(images)
    near_the_edges = [0, 1, 1022, 1023, 1024, 1025, 1029]
    np.testing.assert_array_equal(x[near_the_edges], oracle_preprocess(images[near_the_edges]))


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_equalize_is_the_same_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    images = oracle_grey(draw_signs(6, 1)[0])
    monkeypatch.setattr(room, "_BLOCK", block)
    np.testing.assert_array_equal(equalize(images), oracle_equalize(images))


def test_grey_equals_opencv_for_every_colour() -> None:
    green, blue = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8), indexing="ij")
    for red in range(256):
        colours = np.stack([np.full_like(green, red), green, blue], axis=-1)
        if not np.array_equal(grey(colours), cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)):
            pytest.fail(f"differs for some colour of red {red}")


@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 0, 3), (2, 3, 4)])
def test_grey_takes_any_leading_axes(shape: tuple[int, ...]) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    result = grey(colours)
    assert result.shape == shape and result.dtype == np.uint8
    weighed = (colours.astype(np.int64) @ [9798, 19235, 3735] + 16384) // 32768
    np.testing.assert_array_equal(result, weighed)


@FEW_OR_MANY
def test_equalize_of_extremes(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Few bright or dark pixels, at the corners and in the middle, where a count is near its ends."""
    drawn = [
        (np.s_[0, 0], 255, 0),
        (np.s_[0, 0], 0, 255),
        (np.s_[31, 31], 1, 0),
        (np.s_[16, 16], 254, 255),
        (np.s_[:3, :3], 9, 8),
        (np.s_[::2, ::2], 255, 0),
        (np.s_[:16], 0, 1),
        (np.s_[:, 31], 128, 127),
    ]
    pictures = np.zeros((len(drawn), 32, 32), np.uint8)
    for picture, (place, ink, ground) in zip(pictures, drawn, strict=True):
        picture[...] = ground
        picture[place] = ink
    monkeypatch.setattr(room, "_FEW", few)
    np.testing.assert_array_equal(equalize(pictures), oracle_equalize(pictures))


@pytest.mark.parametrize("count", [room._FEW, room._FEW + 1])
def test_equalize_is_the_same_for_few_and_many(count: int) -> None:
    images = np.random.default_rng(count).integers(0, 256, (count, 32, 32), dtype=np.uint8)
    np.testing.assert_array_equal(equalize(images), oracle_equalize(images))


@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
def test_equalize_makes_a_flat_picture_white(level: int) -> None:
    assert np.all(equalize(np.full((1, 32, 32), level, np.uint8)) == 255)


BAD: dict[str, tuple[Callable[..., Any], Any, type[Exception], str]] = {
    "float": (room.preprocess, np.zeros((2, 32, 32, 3)), TypeError, "Received: float64 of shape (2, 32, 32, 3)"),
    "list": (room.preprocess, [[0]], TypeError, "`images` must be a NumPy array of uint8 pixels (0..255), shape "),
    "none": (room.preprocess, None, TypeError, "(N, 32, 32, 3). Received: NoneType"),
    "signed": (room.preprocess, np.zeros((1, 32, 32, 3), np.int8), TypeError, "Received: int8 of shape"),
    "one": (
        room.preprocess,
        np.zeros((32, 32, 3), np.uint8),
        ValueError,
        "`images` must have shape (N, 32, 32, 3). Received: shape (32, 32, 3)",
    ),
    "grey": (room.preprocess, np.zeros((1, 32, 32, 1), np.uint8), ValueError, "Received: shape (1, 32, 32, 1)"),
    "alpha": (room.preprocess, np.zeros((1, 32, 32, 4), np.uint8), ValueError, "Received: shape (1, 32, 32, 4)"),
    "large": (room.preprocess, np.zeros((1, 33, 32, 3), np.uint8), ValueError, "Received: shape (1, 33, 32, 3)"),
    "channels first": (room.preprocess, np.zeros((1, 3, 32, 32), np.uint8), ValueError, "shape (1, 3, 32, 32)"),
    "grey of floats": (grey, np.zeros((4, 3)), TypeError, "shape (..., 3). Received: float64 of shape (4, 3)"),
    "grey of two": (grey, np.zeros((4, 2), np.uint8), ValueError, "must have shape (..., 3). Received: shape (4, 2)"),
    "grey of a number": (grey, np.zeros((), np.uint8), ValueError, "must have shape (..., 3). Received: shape ()"),
    "equalize floats": (equalize, np.zeros((1, 32, 32)), TypeError, "shape (N, 32, 32). Received: float64"),
    "equalize colours": (equalize, np.zeros((1, 32, 32, 3), np.uint8), ValueError, "Received: shape (1, 32, 32, 3)"),
    "equalize one": (equalize, np.zeros((32, 32), np.uint8), ValueError, "Received: shape (32, 32)"),
}


@pytest.mark.parametrize(("function", "images", "kind", "message"), BAD.values(), ids=BAD.keys())
def test_pictures_of_another_form_are_refused(
    function: Callable[..., Any], images: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=re.escape(message)) as refused:
        function(images)
    assert str(refused.value).startswith("`images` ")


# The twins in TensorFlow operations. Sizes are unknown when they are traced, as in an exported model.

TRACED = {
    "preprocess": (tf.function(graph_preprocess, input_signature=[ANY_SIZE]), room.preprocess),
    "grey": (tf.function(graph_grey, input_signature=[ANY_SIZE]), grey),
}


@pytest.mark.parametrize("twin", TRACED)
@given(images=strategies.images())
def test_graph_twin_equals_numpy(twin: str, images: Pixels) -> None:
    graph, plain = TRACED[twin]
    result, expected = graph(tf.constant(images)).numpy(), plain(images)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_graph_equalize_equals_scikit_image(count: int) -> None:
    images = oracle_grey(draw_signs(count, 3)[0])
    traced = tf.function(graph_equalize, input_signature=[tf.TensorSpec([None, None, None], tf.uint8)])
    result = traced(tf.constant(images)).numpy()
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, oracle_equalize(images))


def test_graph_grey_equals_opencv_on_a_million_colours() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    colours[0, :2] = [[0, 0, 0], [255, 255, 255]]
    np.testing.assert_array_equal(graph_grey(tf.constant(colours)), cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY))


def test_twins_agree_inside_a_tf_data_map() -> None:
    images = draw_signs(5, 4)[0]
    batches = tf.data.Dataset.from_tensor_slices(images).batch(2).map(graph_preprocess)
    x = np.concatenate([batch.numpy() for batch in batches])
    np.testing.assert_array_equal(x, oracle_preprocess(images))


@pytest.mark.gtsrb
def test_every_real_picture_is_what_the_notebook_made_of_it(gtsrb_archive: Path) -> None:
    from roadsigns import data

    images = np.concatenate([split.images for split in data.load(str(gtsrb_archive)).splits()])
    assert images.shape == (51_839, 32, 32, 3)
    parts = np.array_split(images, 64)
    graph = TRACED["preprocess"][0]
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        for part, expected in zip(parts, pool.map(oracle_preprocess, parts), strict=True):
            np.testing.assert_array_equal(room.preprocess(part), expected)
            np.testing.assert_array_equal(graph(tf.constant(part)), expected)
