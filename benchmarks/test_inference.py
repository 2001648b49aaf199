"""How fast are signs named, through Keras and through the exported signatures, from one image to 2,048 at once?"""

import importlib.util

import numpy as np
import pytest

from roadsigns import export, keras_file
from roadsigns.networks import answers
from roadsigns.preprocess import preprocess

BATCHES = [1, 32, 256, 2048]


@pytest.fixture(scope="module")
def model(weights):
    return keras_file.load(weights)


@pytest.fixture(scope="module")
def expected(weights, pictures):
    """The answers for the first 32 pictures, worked out by plain NumPy."""
    return forward(keras_file.load(weights), preprocess(pictures[:32]))


def forward(model, x):
    """The notebook's network at keep probability 1: convolution as nine shifted products."""
    for block in (1, 2, 3):
        for number in (1, 2):
            kernel, bias = model.get_layer(f"block{block}_conv{number}").get_weights()
            size = x.shape[1]
            padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            shifts = ((i, j) for i in range(3) for j in range(3))
            x = sum(padded[:, i : i + size, j : j + size] @ kernel[i, j] for i, j in shifts) + bias
            x = np.maximum(x, 0)
        x = x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).max(axis=(2, 4))
    x = x.reshape(len(x), -1)
    for name in ("dense1", "dense2", "scores"):
        kernel, bias = model.get_layer(name).get_weights()
        x = x @ kernel + bias
        x = np.maximum(x, 0) if name != "scores" else x
    weights = np.exp(x - x.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def check(answers, expected):
    np.testing.assert_allclose(answers[: len(expected)], expected[: len(answers)], atol=1e-4)


@pytest.mark.parametrize("batch", BATCHES)
def test_keras(throughput, model, pictures, expected, batch):
    x = preprocess(pictures[:batch])
    call = throughput(lambda: answers.probabilities(model, x, batch_size=batch), batch, group=f"inference {batch}")
    check(call, expected)


if importlib.util.find_spec("tensorflow"):

    @pytest.fixture(scope="module")
    def served(weights, tmp_path_factory):
        import keras
        import tensorflow as tf

        if keras.config.backend() != "tensorflow":
            pytest.skip("exports are made and measured with KERAS_BACKEND=tensorflow")
        return tf.saved_model.load(str(export.export(keras_file.load(weights), tmp_path_factory.mktemp("models"))))

    @pytest.mark.parametrize("batch", BATCHES)
    def test_serving_default(throughput, served, pictures, expected, batch):
        import tensorflow as tf

        x, one = tf.constant(preprocess(pictures[:batch])), tf.constant([1.0])
        serve = served.signatures["serving_default"]
        call = throughput(
            lambda: serve(x=x, keep_prob=one, keep_prob_conv=one)["y"].numpy(), batch, group=f"inference {batch}"
        )
        check(call, expected)

    @pytest.mark.parametrize("batch", BATCHES)
    def test_predict_pixels(throughput, served, pictures, expected, batch):
        """From raw pixels: the preprocessing runs inside the graph."""
        import tensorflow as tf

        images = tf.constant(pictures[:batch])
        predict = served.signatures["predict_pixels"]
        call = throughput(lambda: predict(images=images)["probabilities"].numpy(), batch, group=f"inference {batch}")
        check(call, expected)
