"""An epoch: its pictures, its step sizes, and steps that are those of Keras's own `fit`."""

import keras
import numpy as np
import pytest

from roadsigns import backend
from roadsigns.config import TrainOptions
from roadsigns.data import Split
from roadsigns.networks import answers, layers
from roadsigns.preprocess import preprocess
from roadsigns.train import averages, epochs, run


def test_chosen_takes_the_notebooks_share_afresh():
    options = TrainOptions(use_image_percent=1)
    first, second = (epochs.chosen(34_799, options, epoch) for epoch in (1, 2))
    assert len(first) == len(second) == 347  # as the notebook counts them
    assert len(set(first)) == 347
    assert set(first) != set(second)
    assert sorted(epochs.chosen(100, TrainOptions(), 5)) == list(range(100))
    assert len(epochs.chosen(5, options, 1)) == 1


def test_step_size_stays_or_rises_and_falls():
    assert epochs.step_size(1000, TrainOptions()) == 0.001
    # 10 epochs of 40 steps; 20 of the 400 rise, and half of the way down is half a cosine's middle.
    options = TrainOptions(epochs=10, batch_size=25, learning_rate=0.004, schedule="cosine")
    size = epochs.step_size(1000, options)
    got = [float(size(step)) for step in (0, 10, 20, 210, 400)]
    np.testing.assert_allclose(got, [0, 0.002, 0.004, 0.002, 0], atol=1e-9)


def test_step_size_of_a_run_of_few_steps_is_never_nothing_at_first():
    size = epochs.step_size(10, TrainOptions(epochs=2, batch_size=10, learning_rate=0.5, schedule="cosine"))
    np.testing.assert_allclose([float(size(step)) for step in (0, 1, 2)], [0.5, 0.25, 0], atol=1e-7)


def test_step_size_counts_the_steps_of_a_share():
    options = TrainOptions(epochs=1, batch_size=10, use_image_percent=10, learning_rate=1, schedule="cosine")
    assert float(epochs.step_size(1000, options)(10)) == 0


@pytest.fixture
def pictures():
    random = np.random.default_rng(0)
    return Split(random.integers(0, 256, (100, 32, 32, 3), np.uint8), random.integers(0, 43, 100))


def small(seed=0):
    """A network with one signature as all have, but of a few weights."""
    inputs, keep, keep_conv = answers.signature(1)
    h = keras.layers.AveragePooling2D(8)(inputs["x"])
    h = layers.KeepProbDropout(seed, name="drop")([keras.layers.Flatten()(h), keep])
    scores = keras.layers.Dense(43, kernel_initializer=keras.initializers.GlorotUniform(seed))(h)
    scores = layers.KeepProbDropout(seed, name="last")([scores, keep_conv])
    model = keras.Model(inputs, scores)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=averages.AveragingAdam(0.01, 0.9), loss=loss, metrics=["accuracy"])
    return model


def test_train_steps_as_keras_fit_does(pictures):
    x, labels = preprocess(pictures.images), pictures.labels
    options = TrainOptions(batch_size=32, keep_prob=0.8, keep_prob_conv=0.9, seed=5)
    ours, theirs = small(), small()
    loss, accuracy = epochs.train(ours, epochs.Pictures(pictures, 1), options, 3)
    order = epochs.chosen(100, options, 3)
    answers.reseed(theirs, 5, 3)
    fed = answers.feed(x[order], 0.8, 0.9)
    history = theirs.fit(fed, labels[order], batch_size=32, shuffle=False, verbose=0).history
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
    assert loss == pytest.approx(history["loss"][0], abs=1e-5)
    assert accuracy == pytest.approx(history["accuracy"][0], abs=1e-6)


def test_train_reports_an_epoch_of_its_own(pictures):
    """The means do not carry over from the epoch before."""
    model = small()
    zeros = epochs.Pictures(Split(pictures.images, np.zeros_like(pictures.labels)), 1)
    before, _ = epochs.train(model, epochs.Pictures(pictures, 1), TrainOptions(batch_size=10), 1)
    for epoch in range(2, 30):
        after, _ = epochs.train(model, zeros, TrainOptions(batch_size=10), epoch)
    assert before > 3 and after < 1


def test_bfloat16_trains_another_way_where_the_processor_has_it_and_the_same_twice(pictures):
    x = preprocess(pictures.images)
    trained = []
    for precision in ("float32", "bfloat16", "bfloat16"):
        model = run.build(TrainOptions(), 100)
        with backend.precision(precision):
            epochs.train(model, epochs.Pictures(pictures, 1), TrainOptions(batch_size=50), 1)
        trained.append(model)
    first, second, third = (model.get_weights() for model in trained)
    assert backend.has_fast_bfloat16() != all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    for one, other in zip(second, third, strict=True):
        np.testing.assert_array_equal(one, other)
    assert all(weight.dtype == np.float32 for weight in second)
    # Outside nothing of it is left: the same weights answer as those that never met it.
    trained[0].set_weights(trained[1].get_weights())
    one, other = (answers.probabilities(model, x[:5]) for model in trained[:2])
    np.testing.assert_array_equal(one, other)


def test_balanced_classes_count_alike_in_the_loss(pictures):
    """Three pictures of class 0 and one of class 7: weights of 4/6 and 4/2, whose mean over the pictures is 1."""
    split = Split(pictures.images[:4], np.array([0, 7, 0, 0]))
    options = TrainOptions(class_weights="balanced", batch_size=4, keep_prob=1, keep_prob_conv=1)
    assert epochs.class_weights(split, TrainOptions()) is None
    weights = epochs.class_weights(split, options)
    assert weights.dtype == np.float32 and len(weights) == 43
    np.testing.assert_allclose(weights[[0, 7]], [4 / 6, 2])
    model = small()
    likely = answers.probabilities(model, preprocess(split.images))
    expected = np.mean(-np.log(likely[np.arange(4), split.labels]) * [4 / 6, 2, 4 / 6, 4 / 6])
    steps = epochs.Steps(model, options)
    loss, _ = steps.train(steps.place(split), 1)
    assert loss == pytest.approx(expected, rel=1e-5)
