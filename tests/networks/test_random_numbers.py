from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from roadsigns.networks import random_numbers
from roadsigns.networks.layers import KeepProbDropout

SEED = tf.constant([3, 4], tf.int32)


@pytest.mark.parametrize(
    ("draw", "distribution"), [(random_numbers.uniform, stats.uniform), (random_numbers.normal, stats.norm)]
)
def test_a_seed_determines_every_number(draw: Any, distribution: Any) -> None:
    numbers = draw((4000,), SEED).numpy()
    assert numbers.dtype == np.float32
    assert stats.kstest(numbers, distribution.cdf).pvalue > 1e-3
    np.testing.assert_array_equal(draw((4000,), SEED), numbers)
    assert not np.array_equal(draw((4000,), SEED + 1), numbers)


def test_numbers_of_no_seed_are_others_each_time_whatever_tensorflow_was_seeded_with() -> None:
    drawn = set()
    for _ in range(2):
        tf.random.set_seed(1)
        numbers = random_numbers.uniform((100,), None).numpy()
        assert numbers.min() >= 0 and numbers.max() < 1
        drawn.add(numbers.tobytes())
    assert len(drawn) == 2


def test_layers_drop_by_the_numbers_that_they_are_given() -> None:
    """A unit stays where its number is below the share that is kept, and is divided by that share."""
    units, keep = tf.constant([[1.0, 2.0, 3.0]]), tf.constant([0.5])
    with random_numbers.noise(lambda units: tf.constant([[0.4, 0.5, 0.1]])):
        assert KeepProbDropout()([units, keep]).numpy().tolist() == [[2, 0, 6]]
    assert random_numbers.given() is None


def test_fresh_noise_is_of_no_seed() -> None:
    """A model traced within drops other units than its seed says, and others in each of its traces."""
    units = np.ones((2, 500), np.float32)

    def traced(fresh: bool) -> bytes:
        layer = KeepProbDropout(seed=1)
        keras.utils.set_random_seed(0)
        function = tf.function(lambda x: layer([x, tf.constant([0.5])]))
        if not fresh:
            return bytes(function(units).numpy().tobytes())
        with random_numbers.noise(random_numbers.fresh):
            return bytes(function(units).numpy().tobytes())

    assert traced(False) == traced(False)
    assert len({traced(False), traced(True), traced(True)}) == 3
