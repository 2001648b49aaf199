"""A step of divided batches, held to Keras's own; on one device, since several want a process (`test_devices.py`)."""

import numpy as np

from roadsigns.config import TrainOptions
from roadsigns.data import Split
from roadsigns.train import epochs, run
from roadsigns.train.mirrored import Mirrored


def test_a_part_that_is_the_whole_batch_trains_as_keras_does():
    """Class weights, dropout, averages and the pictures that are left over included."""
    random = np.random.default_rng(0)
    split = Split(random.integers(0, 256, (50, 32, 32, 3), np.uint8), random.integers(0, 43, 50))
    options = TrainOptions(network="tiny", batch_size=20, class_weights="balanced", keep_prob=0.8)
    one, other = (run.build(options, 50) for _ in range(2))
    alone, divided = epochs.Steps(one, options), Mirrored(other, options)
    for epoch in (1, 2):
        means = [each.train(each.place(split), epoch) for each in (alone, divided)]
        np.testing.assert_allclose(*means, rtol=1e-4)
    assert int(other.optimizer.iterations) == 6
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)
    for a, b in zip(one.optimizer.averages, other.optimizer.averages, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)
