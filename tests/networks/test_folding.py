"""Networks without batch normalisation that answer as those with it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from roadsigns import keras_file, models, networks
from roadsigns.networks import answers
from roadsigns.networks.folding import folded

RANDOM = np.random.default_rng(0)


def unsettle(model: keras.Model) -> None:
    """Statistics and scales as a training leaves them, far from what they begin with."""
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_mean.assign(RANDOM.normal(size=layer.moving_mean.shape))
            layer.moving_variance.assign(RANDOM.uniform(0.2, 3, layer.moving_variance.shape))
            if layer.gamma is not None:
                layer.gamma.assign(RANDOM.uniform(0, 2, layer.gamma.shape))
            layer.beta.assign(RANDOM.normal(size=layer.beta.shape))


def normalisations(model: keras.Model) -> int:
    return sum(isinstance(layer, layers.BatchNormalization) for layer in model.layers)


@pytest.mark.parametrize("name", ["small", "tiny", "best"])
def test_every_normalisation_of_our_networks_is_folded(name: str) -> None:
    model = networks.build(name, seed=1)
    unsettle(model)
    kept = [np.array(weight) for weight in model.weights]
    copy = folded(model)
    assert normalisations(model) > 0
    assert normalisations(copy) == 0
    x = RANDOM.uniform(0, 1, (5, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(answers.probabilities(copy, x), answers.probabilities(model, x), atol=1e-5)
    for weight, before in zip(model.weights, kept, strict=True):
        np.testing.assert_array_equal(weight, before)


def test_the_shipped_weights_answer_as_before_and_keep_their_rule() -> None:
    model = keras_file.load(models.shipped("small"))
    copy = folded(model)
    x = RANDOM.uniform(0, 1, (20, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(answers.probabilities(copy, x), answers.probabilities(model, x), atol=1e-5)
    rule, other = answers.no_sign(model), answers.no_sign(copy)
    assert rule is not None and other is not None and rule.as_json() == other.as_json()


def test_a_network_without_any_is_copied() -> None:
    model = networks.build("notebook", seed=1)
    x = RANDOM.uniform(0, 1, (3, 32, 32, 1)).astype(np.float32)
    np.testing.assert_array_equal(answers.scores(folded(model), x), answers.scores(model, x))


def by_hand(h: Any, kind: str) -> Any:
    conv = layers.Conv2D(4, 3, use_bias=True, bias_initializer="ones", activation="relu" if kind == "relu" else None)
    made = conv(h)
    pooled = layers.AveragePooling2D(2)(made) if kind == "average" else layers.MaxPooling2D(2)(made)
    normal = layers.BatchNormalization(scale=kind != "no scale")(pooled)
    return layers.Concatenate()([normal, pooled]) if kind == "two users" else normal


@pytest.mark.parametrize(
    ("kind", "left"), [("plain", 0), ("no scale", 0), ("relu", 1), ("average", 1), ("two users", 1), ("negative", 1)]
)
def test_what_cannot_be_folded_is_left(kind: str, left: int) -> None:
    given = keras.Input((8, 8, 3))
    model = keras.Model(given, by_hand(given, kind))
    unsettle(model)
    if kind == "negative":
        model.layers[-1].gamma.assign([-1.0, 1, 1, 1])
    copy = folded(model)
    assert normalisations(copy) == left
    x = RANDOM.uniform(0, 1, (2, 8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(copy.predict_on_batch(x), model.predict_on_batch(x), atol=1e-5)
