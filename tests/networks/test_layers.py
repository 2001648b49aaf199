from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from roadsigns import backend, networks
from roadsigns.networks import answers, layers
from roadsigns.networks.layers import KeepProbability, KeepProbDropout

Floats = npt.NDArray[np.float32]

X = np.random.default_rng(0).random((3, 32, 32, 1), np.float32)


# Dropout.


def drop(units: Any, keep: Any, layer: KeepProbDropout | None = None) -> Floats:
    layer = layer or KeepProbDropout(seed=1)
    return np.asarray(layer([tf.constant(units, tf.float32), tf.constant(keep, tf.float32)]))


@pytest.mark.parametrize("keep", [[1.0], [1.0, 1.0, 1.0]])
@pytest.mark.parametrize("shape", [(3,), (3, 7), (3, 4, 5, 6)])
def test_dropout_at_1_passes_every_bit(shape: tuple[int, ...], keep: list[float]) -> None:
    units = np.random.default_rng(0).normal(0, 1e3, shape).astype(np.float32)
    units.ravel()[:3] = [-0.0, np.inf, np.nan]
    assert drop(units, keep).tobytes() == units.tobytes()


@pytest.mark.parametrize("keep", [0.25, 0.5, 0.7, 0.99])
def test_dropout_keeps_the_share_and_the_expectation(keep: float) -> None:
    units = np.random.default_rng(0).uniform(1, 2, (100, 400)).astype(np.float32)
    dropped = drop(units, [keep])
    kept = dropped != 0
    np.testing.assert_array_equal(dropped[kept], (units / np.float32(keep))[kept])
    # Six standard deviations of 40,000 draws; by unit and by image the draws are as good.
    sigma = np.sqrt(keep * (1 - keep))
    assert kept.mean() == pytest.approx(keep, abs=6 * sigma / 200)
    assert np.abs(kept.mean(axis=0) - keep).max() < 6 * sigma / 10
    assert np.abs(kept.mean(axis=1) - keep).max() < 6 * sigma / 20
    assert dropped.mean() == pytest.approx(units.mean(), abs=6 * 2 * sigma / keep / 200)


def test_dropout_draws_anew_each_time() -> None:
    layer = KeepProbDropout(seed=1)
    units = np.ones((4, 100), np.float32)
    answers = [drop(units, [0.5], layer) for _ in range(400)]
    assert len({answer.tobytes() for answer in answers}) == 400
    assert np.mean(answers) == pytest.approx(1, abs=6 / np.sqrt(400 * 400))
    assert np.abs(np.mean(answers, axis=0) - 1).max() < 6 / 20, "every unit on the average of many draws"


def test_dropout_takes_one_value_an_image() -> None:
    units = np.random.default_rng(0).uniform(1, 2, (4, 5, 5, 40)).astype(np.float32)
    keep = np.array([1, 0.5, 1, 0.25], np.float32)
    dropped = drop(units, keep)
    np.testing.assert_array_equal(dropped[[0, 2]], units[[0, 2]])
    for image in (1, 3):
        kept = dropped[image] != 0
        np.testing.assert_array_equal(dropped[image][kept], units[image][kept] / keep[image])
        assert kept.mean() == pytest.approx(keep[image], abs=6 * 0.5 / np.sqrt(1000))


def test_dropout_never_keeps_a_unit_by_halves() -> None:
    """Where an image of infinite units drops some, they are 0 and not NaN."""
    dropped = drop(np.full((1, 1000), np.inf), [0.5])
    assert set(np.unique(dropped)) == {0, np.inf}


def test_dropout_config_gives_the_layer_back() -> None:
    layer = KeepProbDropout(seed=11, name="drop")
    again = KeepProbDropout.from_config(layer.get_config())
    np.testing.assert_array_equal(drop(np.ones((2, 50)), [0.5], again), drop(np.ones((2, 50)), [0.5], layer))


# Keep probabilities outside (0, 1].

BAD_KEEPS = [1.3, 0.0, -0.1, float("nan"), float("inf"), float("-inf")]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "tf.function"])
@pytest.mark.parametrize("keep", BAD_KEEPS)
def test_keep_probability_raises(keep: float, compiled: bool) -> None:
    layer = KeepProbability("keep_prob_conv")
    call: Callable[..., Any] = tf.function(layer, input_signature=[tf.TensorSpec([None])]) if compiled else layer
    message = re.escape("Invalid value for `keep_prob_conv`: expected numbers in (0, 1]. Received:")
    with pytest.raises(tf.errors.InvalidArgumentError, match=message) as caught:
        call(tf.constant([0.5, keep]))
    assert f"{keep:g}" in str(caught.value)


@pytest.mark.parametrize("keep", [[1.0], [1e-30, 0.5], []])
def test_keep_probability_passes(keep: list[float]) -> None:
    values = np.array(keep, np.float32)
    np.testing.assert_array_equal(KeepProbability("keep_prob")(values), values)


# Standardising, averaged statistics.


def test_standardize_gives_mean_0_and_deviation_1_to_each_picture() -> None:
    pictures = np.random.default_rng(0).uniform(0.2, 0.4, (5, 8, 8, 3)).astype(np.float32)
    expected = [(picture - picture.mean()) / picture.std() for picture in pictures]
    np.testing.assert_allclose(layers.Standardize()(pictures), expected, atol=1e-4)
    np.testing.assert_allclose(layers.Standardize()(np.full((2, 8, 8, 3), 0.7, np.float32)), 0, atol=1e-4)


def test_batch_normalisation_averages_as_the_weights_are_averaged() -> None:
    layer = layers.BatchNormalization(momentum=0.9)
    random = np.random.default_rng(0)
    mean, variance = np.zeros(3), np.ones(3)
    for step in range(4):
        batch = random.normal(step, 1 + step, (64, 3)).astype(np.float32)
        layer(batch, training=True)
        rate = max(1 - 0.9, 10 / (10 + step))
        mean, variance = (old + rate * (new - old) for old, new in ((mean, batch.mean(0)), (variance, batch.var(0))))
        np.testing.assert_allclose(layer.moving_mean, mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-4)
    before = layer.moving_mean.numpy()
    layer(batch)
    np.testing.assert_array_equal(layer.moving_mean, before)
    assert layers.BatchNormalization.from_config(layer.get_config()).momentum == 0.9


def test_statistics_keep_their_small_steps_where_products_are_in_bfloat16() -> None:
    """A bfloat16 has the first 16 bits of a float32. A machine without fast ones multiplies float32, and passes."""
    model = networks.build("tiny", 0, 5)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01), loss, jit_compile=False)
    pictures = np.random.default_rng(0).random((64, 32, 32, 3)).astype(np.float32)
    with backend.precision("bfloat16"):
        for _ in range(3):
            model.train_on_batch(answers.feed(pictures), np.arange(64) % 5)
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    means = np.concatenate([np.asarray(norm.moving_mean) for norm in norms])
    assert np.mean(means.view(np.uint32) & 0xFFFF == 0) < 0.5
