from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from pictures import draw_signs
from roadsigns import networks
from roadsigns.networks import answers
from roadsigns.networks.answers import feed, probabilities
from roadsigns.networks.layers import KeepProbability, KeepProbDropout

Floats = npt.NDArray[np.float32]

X = np.random.default_rng(0).random((3, 32, 32, 1), np.float32)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return networks.build("notebook", seed=0)


# The notebook's network.

LAYERS = {
    # name: shape of the output beyond the batch, shape of the kernel
    "block1_conv1": ((32, 32, 32), (3, 3, 1, 32)),
    "block1_conv2": ((32, 32, 32), (3, 3, 32, 32)),
    "block1_pool": ((16, 16, 32), None),
    "block1_drop": ((16, 16, 32), None),
    "block2_conv1": ((16, 16, 64), (3, 3, 32, 64)),
    "block2_conv2": ((16, 16, 64), (3, 3, 64, 64)),
    "block2_pool": ((8, 8, 64), None),
    "block2_drop": ((8, 8, 64), None),
    "block3_conv1": ((8, 8, 128), (3, 3, 64, 128)),
    "block3_conv2": ((8, 8, 128), (3, 3, 128, 128)),
    "block3_pool": ((4, 4, 128), None),
    "block3_drop": ((4, 4, 128), None),
    "flatten": ((2048,), None),
    "dense1": ((128,), (2048, 128)),
    "dense1_drop": ((128,), None),
    "dense2": ((128,), (128, 128)),
    "dense2_drop": ((128,), None),
    "scores": ((43,), (128, 43)),
    "classes": ((43,), None),  # passes the scores on
}


def test_notebook_has_the_seeds_layers(model: keras.Model) -> None:
    layers = [layer for layer in model.layers if not isinstance(layer, (keras.layers.InputLayer, KeepProbability))]
    table = {
        layer.name: (layer.output.shape[1:], tuple(layer.kernel.shape) if hasattr(layer, "kernel") else None)
        for layer in layers
    }
    assert table == LAYERS
    assert list(table) == list(LAYERS)


def test_notebook_has_as_many_parameters_and_multiply_adds(model: keras.Model) -> None:
    assert model.count_params() == 570_763
    convolutions = 32 * 32 * 9 * (1 * 32 + 32 * 32) + 16 * 16 * 9 * (32 * 64 + 64 * 64) + 8 * 8 * 9 * (64 + 128) * 128
    dense = 2048 * 128 + 128 * 128 + 128 * 43
    assert answers.multiply_adds(model) == convolutions + dense == 38_327_680


def test_notebook_has_the_one_signature(model: keras.Model) -> None:
    assert {name: (each.name, each.dtype, each.shape) for name, each in model.input.items()} == {
        "x": ("x", "float32", (None, 32, 32, 1)),
        "keep_prob": ("keep_prob", "float32", (None,)),
        "keep_prob_conv": ("keep_prob_conv", "float32", (None,)),
    }
    assert (model.output.dtype, model.output.shape) == ("float32", (None, 43))


def test_dropout_is_fed_as_in_the_notebook(model: keras.Model) -> None:
    """Convolution blocks drop by keep_prob_conv, dense layers by keep_prob; each is checked before."""
    for name in LAYERS:
        if name.endswith("_drop"):
            units, keep = model.get_layer(name).input
            previous = list(LAYERS)[list(LAYERS).index(name) - 1]
            assert units is model.get_layer(previous).output
            source = keep._keras_history.operation
            assert isinstance(source, KeepProbability)
            assert source.argument == ("keep_prob_conv" if name.startswith("block") else "keep_prob")
            assert source.input is model.input[source.argument]


def test_weights_are_truncated_normal_and_biases_zero(model: keras.Model) -> None:
    kernels = [layer.kernel.numpy() for layer in model.layers if hasattr(layer, "kernel")]
    every = np.concatenate([kernel.ravel() for kernel in kernels])
    # Keras and TensorFlow 1 cut a normal of sigma 0.1 off at two sigmas; what is left has a smaller deviation.
    tail = np.exp(-2) * 2 / np.sqrt(2 * np.pi)
    deviation = 0.1 * np.sqrt(1 - 2 * tail / 0.954499736)
    assert np.abs(every).max() <= 0.2 and np.abs(every).max() > 0.199
    assert every.std() == pytest.approx(deviation, rel=0.01)
    assert every.mean() == pytest.approx(0, abs=0.001)
    for kernel in kernels:
        assert kernel.std() == pytest.approx(deviation, rel=0.12)
    assert all(not layer.bias.numpy().any() for layer in model.layers if hasattr(layer, "bias"))


def test_layers_of_one_shape_start_apart(model: keras.Model) -> None:
    firsts = [layer.kernel.numpy().ravel()[:8].tobytes() for layer in model.layers if hasattr(layer, "kernel")]
    assert len(set(firsts)) == len(firsts)


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False), (2**31 - 1, False), (None, False)])
def test_seed_determines_the_weights(model: keras.Model, seed: int | None, same: bool) -> None:
    equal = [np.array_equal(a, b) for a, b in zip(model.weights, networks.build("notebook", seed).weights, strict=True)]
    kernels = [each for each, weight in zip(equal, model.weights, strict=True) if "kernel" in weight.path]
    assert kernels == [same] * 9


def by_hand(model: keras.Model, x: Floats) -> Floats:
    """The notebook's forward pass with nothing dropped, in plain TensorFlow operations."""

    def weights(name: str) -> list[Any]:
        layer = model.get_layer(name)
        return [layer.kernel.numpy(), layer.bias.numpy()]

    h = tf.constant(x)
    for block in (1, 2, 3):
        for number in (1, 2):
            kernel, bias = weights(f"block{block}_conv{number}")
            h = tf.nn.relu(tf.nn.conv2d(h, kernel, strides=1, padding="SAME") + bias)
        h = tf.nn.max_pool2d(h, 2, 2, padding="SAME")
    h = tf.reshape(h, [-1, 2048])
    for name in ("dense1", "dense2"):
        kernel, bias = weights(name)
        h = tf.nn.relu(tf.matmul(h, kernel) + bias)
    kernel, bias = weights("scores")
    return np.asarray(tf.nn.softmax(tf.matmul(h, kernel) + bias))


def test_probabilities_are_those_of_plain_tensorflow(model: keras.Model) -> None:
    for layer in model.layers:  # biases too must be in their places
        if hasattr(layer, "bias"):
            layer.bias.assign(np.linspace(-0.1, 0.1, layer.bias.shape[0]))
    try:
        np.testing.assert_allclose(probabilities(model, X), by_hand(model, X), rtol=0, atol=1e-5)
    finally:
        for layer in model.layers:
            if hasattr(layer, "bias"):
                layer.bias.assign(np.zeros(layer.bias.shape))


def test_fit_lowers_the_loss_on_one_batch() -> None:
    from roadsigns.preprocess import preprocess

    images, labels = draw_signs(16, 0)
    model = networks.build("notebook", seed=3)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    inputs = feed(preprocess(images))
    losses = model.fit(inputs, labels, batch_size=16, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 4


def test_keras_file_gives_the_same_answers(model: keras.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(probabilities(loaded, X), probabilities(model, X))
    assert [layer.get_config() for layer in loaded.layers] == [layer.get_config() for layer in model.layers]
    for one, other in ((model, loaded), (loaded, model)):
        answers.reseed(one, 5)
        answers.reseed(other, 5)
    np.testing.assert_array_equal(probabilities(loaded, X, 0.5, 0.5), probabilities(model, X, 0.5, 0.5))


@pytest.mark.parametrize("training", [True, False])
def test_dropout_has_no_training_flag(model: keras.Model, training: bool) -> None:
    ones = {"keep_prob": np.ones(1, np.float32), "keep_prob_conv": np.ones(1, np.float32)}
    halves = {name: value / 2 for name, value in ones.items()}
    exact = tf.nn.softmax(model({"x": X, **ones}, training=training)).numpy()
    np.testing.assert_allclose(exact, by_hand(model, X), rtol=0, atol=1e-5)
    first, second = (model({"x": X, **halves}, training=training).numpy() for _ in range(2))
    assert not np.array_equal(first, second)


def test_reseed_by_one_key_drops_the_same_units(model: keras.Model) -> None:
    def said(*key: int) -> bytes:
        answers.reseed(model, *key)
        return probabilities(model, X, 0.5, 0.7).tobytes()

    assert said(1, 2) == said(1, 2)
    assert len({said(1, 2), said(2, 1), said(1), said(1, 3), said(2**31 - 1, 10_000)}) == 5


def test_reseed_gives_each_layer_its_own_numbers(model: keras.Model) -> None:
    answers.reseed(model, 0)
    states = [layer.seed_generator.state.numpy() for layer in model.layers if isinstance(layer, KeepProbDropout)]
    assert len({state.tobytes() for state in states}) == len(states) == 5


@pytest.mark.parametrize("argument", ["keep_prob", "keep_prob_conv"])
def test_model_raises_for_a_bad_value(model: keras.Model, argument: str) -> None:
    inputs = {"x": X[:1], "keep_prob": np.ones(1, np.float32), "keep_prob_conv": np.ones(1, np.float32)}
    inputs[argument] = np.array([np.nan], np.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(f"Invalid value for `{argument}`:")):
        model(inputs)


@pytest.mark.parametrize(("count", "batch_size"), [(1, 256), (3, 256), (3, 2), (5, 1)])
def test_probabilities_are_rows_that_sum_to_1(model: keras.Model, count: int, batch_size: int) -> None:
    x = np.resize(X, (count, 32, 32, 1))
    answers = probabilities(model, x, batch_size=batch_size)
    assert answers.shape == (count, 43) and answers.dtype == np.float32
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)
    assert np.all(answers >= 0)
    np.testing.assert_allclose(answers, by_hand(model, x), rtol=0, atol=1e-5)


def test_probabilities_of_no_image_are_none(model: keras.Model) -> None:
    answers = probabilities(model, X[:0])
    assert answers.shape == (0, 43) and answers.dtype == np.float32


def test_one_image_with_several_values_gives_several_answers(model: keras.Model) -> None:
    answers = probabilities(model, X[:1], keep_prob=[1, 0.5, 1, 0.5], keep_prob_conv=1.0)
    assert answers.shape == (4, 43)
    exact = by_hand(model, X[:1])[0]
    np.testing.assert_allclose(answers[[0, 2]], [exact, exact], rtol=0, atol=1e-5)
    assert not np.allclose(answers[1], exact, atol=1e-3) and not np.allclose(answers[1], answers[3], atol=1e-3)


@pytest.mark.parametrize("keeps", [{"keep_prob": 0.5}, {"keep_prob_conv": 0.5}])
def test_below_1_answers_differ_and_at_1_they_do_not(model: keras.Model, keeps: dict[str, float]) -> None:
    first, second = (probabilities(model, X, **keeps) for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(probabilities(model, X), probabilities(model, X))


def test_probabilities_bear_large_scores(model: keras.Model) -> None:
    """A softmax that took exp of the scores themselves would overflow."""
    answers = probabilities(model, X * 1e6)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)


def test_probabilities_check_at_the_door(model: keras.Model) -> None:
    with pytest.raises(
        ValueError, match=re.escape("Invalid value for `keep_prob_conv`: expected numbers in (0, 1]. Received: 1.3")
    ):
        probabilities(model, X, keep_prob_conv=1.3)
