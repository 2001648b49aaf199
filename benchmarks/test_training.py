"""How fast does the notebook's network learn? A good number: more images a second than Keras's `fit` at that batch."""

import keras
import numpy as np
import pytest

from roadsigns import backend
from roadsigns.config import TrainOptions
from roadsigns.networks import answers
from roadsigns.train import epochs, run

PICTURES = 34_799


@pytest.fixture
def model():
    return run.build(TrainOptions(), PICTURES)


def inputs(images):
    random = np.random.default_rng(0)
    x = random.random((images, 32, 32, 1), np.float32)
    return answers.feed(x, 0.5, 0.7), random.integers(0, 43, images)


@pytest.mark.parametrize("batch", [64, 256, 2048])
def test_training_step(throughput, model, batch):
    fed, labels = inputs(batch)
    before = model.get_weights()[0].copy()
    loss = throughput(lambda: np.asarray(model.train_on_batch(fed, labels))[0], batch, group="training step")
    assert np.isfinite(loss)
    assert not np.array_equal(before, model.get_weights()[0])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("batch", [64, 256])
def test_training_epoch(benchmark, model, batch, precision):
    """34,799 pictures, as an epoch on the real data has; one round, since it takes minutes on a CPU."""
    fed, labels = inputs(PICTURES)
    x, options = fed["x"], TrainOptions(batch_size=batch, precision=precision)
    with backend.precision(precision):
        epochs.train(model, x[:batch], labels[:batch], options, 1)
        benchmark.group = "training epoch"
        loss, _ = benchmark.pedantic(lambda: epochs.train(model, x, labels, options, 2), rounds=1)
    benchmark.extra_info["images_per_second"] = round(PICTURES / benchmark.stats.stats.median, 1)
    # Noise cannot be learnt: at the end of an epoch the loss stands near that of guessing.
    assert abs(loss - np.log(43)) < 1
    assert int(keras.ops.convert_to_numpy(model.optimizer.iterations)) == 1 + -(-PICTURES // batch)


@pytest.mark.parametrize("batch", [64, 256])
def test_training_epoch_by_keras_fit(benchmark, model, batch):
    """The rival: Keras's own `fit` of the same model on the same pictures."""
    fed, labels = inputs(PICTURES)
    model.fit({name: value[:batch] for name, value in fed.items()}, labels[:batch], batch_size=batch, verbose=0)
    benchmark.group = "training epoch"
    fit = {"batch_size": batch, "shuffle": False, "verbose": 0}
    history = benchmark.pedantic(lambda: model.fit(fed, labels, **fit).history, rounds=1)
    benchmark.extra_info["images_per_second"] = round(PICTURES / benchmark.stats.stats.median, 1)
    assert abs(history["loss"][0] - np.log(43)) < 1
