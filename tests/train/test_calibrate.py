"""The temperature: the one that a search over a fine grid finds, and inside the model."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from roadsigns.networks import answers
from roadsigns.train.calibrate import BOUNDS, calibrate, temperature


def samples(true: float, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Scores that are `true` times too large, and classes drawn by their honest probabilities."""
    random = np.random.default_rng(0)
    honest = random.normal(0, 2, (count, 7)).astype(np.float32)
    weights = np.exp(honest)
    sums = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    return honest * true, (sums < random.random((count, 1))).sum(axis=1).clip(0, 6)


def loss(scores: np.ndarray, labels: np.ndarray, by: float) -> float:
    divided = scores.astype(float) / by
    return float(np.mean(np.log(np.exp(divided).sum(axis=1)) - divided[np.arange(len(labels)), labels]))


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_temperature_has_the_lowest_loss(true: float) -> None:
    scores, labels = samples(true)
    found = temperature(scores, labels)
    assert found == pytest.approx(true, rel=0.1)
    grid = np.exp(np.linspace(np.log(true) - 0.5, np.log(true) + 0.5, 2001))
    best = grid[np.argmin([loss(scores, labels, by) for by in grid])]
    assert found == pytest.approx(best, rel=1e-3)


def test_temperature_keeps_within_bounds_where_nothing_is_wrong() -> None:
    scores, labels = np.tile(np.eye(3, dtype=np.float32), (100, 1)), np.tile(np.arange(3), 100)
    assert temperature(scores, labels) == pytest.approx(BOUNDS[0])
    assert temperature(scores, (labels + 1) % 3) == pytest.approx(BOUNDS[1])


def test_few_pictures_that_are_all_named_rightly_never_make_scores_sharper() -> None:
    scores, labels = np.tile(np.eye(2, dtype=np.float32), (90, 1)), np.tile(np.arange(2), 90)
    assert temperature(scores, labels) == pytest.approx(1)
    assert temperature(scores, 1 - labels) == pytest.approx(BOUNDS[1])


def test_calibrate_changes_the_model_and_no_guess() -> None:
    inputs, *_ = answers.signature(3)
    scores = keras.layers.Dense(43, name="scores", bias_initializer="normal")(keras.layers.Flatten()(inputs["x"]))
    model = keras.Model(inputs, scores)
    pictures = np.random.default_rng(0).random((50, 32, 32, 3), np.float32)
    before = answers.scores(model, pictures)
    labels = before.argmax(axis=1)
    labels[::3] = 5
    found = calibrate(model, pictures, labels)
    np.testing.assert_allclose(answers.scores(model, pictures), before / found, rtol=1e-4, atol=1e-5)
    assert temperature(answers.scores(model, pictures), labels) == pytest.approx(1, rel=1e-2)
