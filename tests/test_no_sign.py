"""The rule for pictures without a sign: fitted as SciPy fits it, told alike by NumPy and TensorFlow, kept in files."""

from __future__ import annotations

import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import optimize

from roadsigns import networks, no_sign
from roadsigns.networks import answers
from roadsigns.no_sign import Rule

RANDOM = np.random.default_rng(0)


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


SURE = softmax(RANDOM.normal(0, 1, (600, 5)) + 12 * np.eye(5)[RANDOM.integers(0, 5, 600)])
UNSURE = softmax(RANDOM.normal(0, 2, (300, 5)))


def test_fit_is_the_minimum_that_scipy_finds() -> None:
    rule = no_sign.fit(SURE, UNSURE, penalty=0.1)

    def numbers(probabilities: np.ndarray) -> np.ndarray:
        logs = np.log(np.maximum(probabilities.astype(float), 1e-30))
        logs = (logs - logs.mean(axis=1, keepdims=True)) / 10
        return np.concatenate([logs, logs**2, np.ones((len(logs), 1))], axis=1)

    def loss(weights: np.ndarray) -> float:
        known, other = numbers(SURE) @ weights, numbers(UNSURE) @ weights
        fits = np.logaddexp(0, -known).mean() / 2 + np.logaddexp(0, other).mean() / 2
        return fits + 0.1 / 11 * (weights**2).sum() / 2

    best = optimize.minimize(loss, np.zeros(11), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(np.concatenate([rule.linear, rule.square]), best[:-1], atol=1e-4)


def test_fit_doubts_as_many_signs_as_it_may() -> None:
    for doubted in (0.01, 0.1):
        rule = no_sign.fit(SURE, UNSURE, doubted=doubted)
        assert np.mean(rule.share(SURE) > 0.5) == pytest.approx(doubted, abs=0.005)
    assert np.mean(rule.share(UNSURE) > 0.5) > 0.9


def test_fit_bears_few_answers_that_are_easily_told_apart() -> None:
    rule = no_sign.fit(SURE[:2], np.full((2, 5), 0.2, np.float32))
    assert np.isfinite([*rule.linear, *rule.square, rule.bias]).all()
    assert (rule.share(SURE[:2]) <= 0.51).all() and (rule.share(np.full((2, 5), 0.2)) > 0.5).all()


RULE = Rule(np.array([1.0, -2, 0]), np.array([0.5, 0, 3]), -0.25)


def test_share_by_hand() -> None:
    logs = np.log([0.5, 0.25, 0.25])
    logs = (logs - logs.mean()) / 10
    margin = logs[0] - 2 * logs[1] + 0.5 * logs[0] ** 2 + 3 * logs[2] ** 2 - 0.25
    assert RULE.share(np.array([[0.5, 0.25, 0.25]]))[0] == pytest.approx(1 / (1 + np.exp(margin)))


@given(arrays.arrays(np.float32, (4, 3), elements=st.floats(0, 1, width=32)))
def test_tensorflow_tells_the_same(probabilities: np.ndarray) -> None:
    ours, theirs = RULE.share(probabilities), no_sign.graph_share(RULE, tf.constant(probabilities))
    assert ours.dtype == np.float32 and ours.shape == (4,)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_rule_survives_its_file() -> None:
    again = no_sign.read(RULE.as_json())
    np.testing.assert_array_equal(again.linear, RULE.linear)
    np.testing.assert_array_equal(again.square, RULE.square)
    assert again.bias == RULE.bias


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"linear": [1], "square": [1, 2], "bias": 0}',
        '{"linear": [1], "square": [1], "bias": NaN}',
        '{"linear": 1, "square": 1, "bias": 0}',
        '{"linear": ["a"], "square": [1], "bias": 0}',
        json.dumps({"linear": [1], "square": [1], "bias": None}),
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.compile("rule|Expecting|could not convert")):
        no_sign.read(text)


def test_a_model_keeps_its_rule_in_its_file(tmp_path) -> None:
    model = networks.build("notebook", 0, classes=3)
    assert answers.no_sign(model) is None
    judged = answers.with_no_sign(model, RULE)
    x = RANDOM.random((4, 32, 32, 1)).astype(np.float32)
    np.testing.assert_array_equal(answers.scores(judged, x), answers.scores(model, x))
    judged.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.name, loaded.count_params()) == ("notebook", model.count_params() + 7)
    np.testing.assert_array_equal(answers.no_sign(loaded).linear, RULE.linear)
    other = answers.with_no_sign(loaded, Rule(RULE.square, RULE.linear, 1.0))
    assert other is loaded and answers.no_sign(loaded).bias == 1.0
