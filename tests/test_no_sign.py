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
from roadsigns.networks.layers import NoSign
from roadsigns.no_sign import Rule

RANDOM = np.random.default_rng(0)


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


SURE = softmax(RANDOM.normal(0, 1, (600, 5)) + 12 * np.eye(5)[RANDOM.integers(0, 5, 600)])
UNSURE = softmax(RANDOM.normal(0, 2, (300, 5)))


@pytest.mark.parametrize("paired", [True, False])
def test_fit_is_the_minimum_that_scipy_finds(monkeypatch: pytest.MonkeyPatch, paired: bool) -> None:
    monkeypatch.setattr(no_sign, "MOST_PAIRED", 5 if paired else 4)
    rule = no_sign.fit(SURE, UNSURE, penalty=0.1)
    pairs = [(i, j) for i in range(5) for j in range(i, 5) if paired or i == j]

    def numbers(probabilities: np.ndarray) -> np.ndarray:
        logs = np.log(np.maximum(probabilities.astype(float), 1e-30))
        logs = (logs - logs.mean(axis=1, keepdims=True)) / 10
        products = [logs[:, i] * logs[:, j] for i, j in pairs]
        return np.column_stack([logs, *products, np.ones(len(logs))])

    def loss(weights: np.ndarray) -> float:
        known, other = numbers(SURE) @ weights, numbers(UNSURE) @ weights
        fits = np.logaddexp(0, -known).mean() / 2 + np.logaddexp(0, other).mean() / 2
        return fits + 0.1 / len(weights) * (weights**2).sum() / 2

    best = optimize.minimize(loss, np.zeros(6 + len(pairs)), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(rule.linear, best[:5], atol=2e-4)
    assert rule.square.shape == ((5, 5) if paired else (5,))
    for (i, j), weight in zip(pairs, best[5:-1], strict=True):
        ours = rule.square[i, j] + (rule.square[j, i] if i != j else 0) if paired else rule.square[i]
        assert ours == pytest.approx(weight, abs=2e-4)


def test_fit_doubts_as_many_signs_as_it_may() -> None:
    for doubted in (0.01, 0.1):
        rule = no_sign.fit(SURE, UNSURE, doubted=doubted)
        assert np.mean(rule.share(SURE) > 0.5) == pytest.approx(doubted, abs=0.005)
    assert np.mean(rule.share(UNSURE) > 0.5) > 0.9


def test_fit_bears_few_answers_that_are_easily_told_apart() -> None:
    rule = no_sign.fit(SURE[:2], np.full((2, 5), 0.2, np.float32))
    assert np.isfinite([*rule.linear, *rule.square.ravel(), rule.bias]).all()
    assert (rule.share(SURE[:2]) <= 0.51).all() and (rule.share(np.full((2, 5), 0.2)) > 0.5).all()


OLD = Rule(np.array([1.0, -2, 0]), np.array([0.5, 0, 3]), -0.25)
"""As earlier versions fitted it: of squares alone."""
RULE = Rule(np.array([1.0, -2, 0]), np.array([[0.5, 2, 0], [2, 0, -1], [0, -1, 3]]), -0.25)
RULES = pytest.mark.parametrize("rule", [OLD, RULE], ids=["squares", "pairs"])


def test_share_by_hand() -> None:
    a, b, c = np.log([0.5, 0.25, 0.25])
    mean = (a + b + c) / 3
    a, b, c = ((each - mean) / 10 for each in (a, b, c))
    margin = a - 2 * b + 0.5 * a**2 + 3 * c**2 - 0.25
    row = np.array([[0.5, 0.25, 0.25]])
    assert OLD.share(row)[0] == pytest.approx(1 - 0.75 / (1 + np.exp(-margin)))
    assert RULE.share(row)[0] == pytest.approx(1 - 0.75 / (1 + np.exp(-(margin + 4 * a * b - 2 * b * c))))


CERTAIN = Rule(np.zeros(4), np.zeros(4), 50.0)
"""That each picture shows a sign."""


def test_who_hesitates_among_many_classes_knows_none() -> None:
    rows = np.array([[1, 0, 0, 0], [0.4, 0.2, 0.2, 0.2], [0.25, 0.25, 0.25, 0.25]], np.float32)
    np.testing.assert_allclose(CERTAIN.share(rows), [0, 0.4, 0.5], atol=1e-6)


def test_who_hesitates_between_two_classes_knows_a_sign() -> None:
    rows = np.array([[0.5, 0.5, 0, 0], [0, 0.45, 0, 0.55], [0.34, 0, 0.66, 0]], np.float32)
    for told in (CERTAIN.share(rows), no_sign.graph_share(CERTAIN, tf.constant(rows)).numpy()):
        np.testing.assert_allclose(told, 0, atol=1e-6)
        assert (told >= 0).all(), "a share, though two probabilities may add up to a little more than 1"


def test_of_one_class_its_probability_counts() -> None:
    alone, rows = Rule(np.zeros(1), np.zeros(1), 50.0), np.array([[1.0], [0.25]], np.float32)
    for told in (alone.share(rows), no_sign.graph_share(alone, tf.constant(rows)).numpy()):
        np.testing.assert_allclose(told, [0, 0.75], atol=1e-6)


@RULES
@given(probabilities=arrays.arrays(np.float32, (4, 3), elements=st.floats(0, 1, width=32)))
def test_tensorflow_tells_the_same(rule: Rule, probabilities: np.ndarray) -> None:
    probabilities /= np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-6)
    ours, theirs = rule.share(probabilities), no_sign.graph_share(rule, tf.constant(probabilities))
    assert ours.dtype == theirs.numpy().dtype == np.float32 and ours.shape == (4,)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@RULES
def test_a_rule_survives_its_file(rule: Rule) -> None:
    again = no_sign.read(rule.as_json())
    np.testing.assert_array_equal(again.linear, rule.linear)
    np.testing.assert_array_equal(again.square, rule.square)
    assert again.bias == rule.bias


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"linear": [1], "square": [1, 2], "bias": 0}',
        '{"linear": [1], "square": [1], "bias": NaN}',
        '{"linear": 1, "square": 1, "bias": 0}',
        '{"linear": [1, 2], "square": [[1, 2]], "bias": 0}',
        '{"linear": [1], "square": [[Infinity]], "bias": 0}',
        '{"linear": [1, 2], "square": [[1, 2], [3]], "bias": 0}',
        '{"linear": ["a"], "square": [1], "bias": 0}',
        json.dumps({"linear": [1], "square": [1], "bias": None}),
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.compile("rule|Expecting|could not convert|inhomogeneous")):
        no_sign.read(text)


def test_a_model_keeps_its_rule_in_its_file(tmp_path) -> None:
    model = networks.build("notebook", 0, classes=3)
    assert answers.no_sign(model) is None
    x = RANDOM.random((4, 32, 32, 1)).astype(np.float32)
    for rule, weights in ((OLD, 7), (RULE, 13)):
        judged = answers.with_no_sign(model, rule)
        np.testing.assert_array_equal(answers.scores(judged, x), answers.scores(model, x))
        judged.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        assert (loaded.name, loaded.count_params()) == ("notebook", model.count_params() + weights)
        np.testing.assert_array_equal(answers.no_sign(loaded).square, rule.square)
    other = answers.with_no_sign(loaded, Rule(RULE.linear, RULE.square, 1.0))
    assert other is loaded and answers.no_sign(loaded).bias == 1.0


def test_a_rule_of_pairs_takes_the_place_of_one_of_squares() -> None:
    model = answers.with_no_sign(networks.build("notebook", 0, classes=3), OLD)
    newer = answers.with_no_sign(model, RULE)
    np.testing.assert_array_equal(answers.no_sign(newer).square, RULE.square)
    assert len([layer for layer in newer.layers if layer.name.startswith("no_sign")]) == 1


def test_shipped_weights_of_an_earlier_version_keep_their_rule() -> None:
    """The layer's configuration had no `pairs` then."""
    layer = NoSign.from_config({"name": "no_sign", "trainable": True, "dtype": "float32"})
    layer.build((None, 3))
    assert layer.square.shape == (3,)
