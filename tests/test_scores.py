from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from roadsigns.errors import ModelError
from roadsigns.scores import reliability, score


def rows(*probabilities: dict[int, float]) -> npt.NDArray[np.float32]:
    """Class probabilities, those named; the others are 0."""
    array = np.zeros((len(probabilities), 43), np.float32)
    for row, named in zip(array, probabilities, strict=True):
        row[list(named)] = list(named.values())
    return array


def calibration_error(probabilities: Any, labels: Any) -> float:
    """Guo et al. 2017, equations 2 to 5, picture by picture."""
    error = 0.0
    for number in range(15):
        confidences, rights = [], []
        for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
            if min(int(max(row) * 15), 14) == number:
                confidences.append(max(row))
                rights.append(row.index(max(row)) == label)
        if rights:
            gap = sum(rights) / len(rights) - sum(confidences) / len(confidences)
            error += len(rights) / len(labels) * abs(gap)
    return error


FOUR = rows({0: 0.9, 1: 0.1}, {0: 0.6, 1: 0.4}, {2: 0.5, 3: 0.3, 4: 0.2}, {42: 1.0})
FOUR_LABELS = np.array([0, 1, 2, 42])


def test_score_by_hand() -> None:
    scores = score(FOUR, FOUR_LABELS)
    assert scores.pictures == 4
    assert scores.accuracy == 0.75
    assert scores.loss == pytest.approx(-(math.log(0.9) + math.log(0.4) + math.log(0.5) + math.log(1)) / 4, rel=1e-6)
    # Four bins with one picture each: |1 - 0.9|, |0 - 0.6|, |1 - 0.5|, |1 - 1|.
    assert scores.ece == pytest.approx((0.1 + 0.6 + 0.5 + 0) / 4, rel=1e-6)
    assert {(i, j): n for (i, j), n in np.ndenumerate(scores.confusion) if n} == {
        (0, 0): 1,
        (1, 0): 1,
        (2, 2): 1,
        (42, 42): 1,
    }
    assert scores.confusion.dtype == np.int64 and scores.confusion.shape == (43, 43)


def test_score_of_a_network_that_diverged_is_refused() -> None:
    with pytest.raises(ModelError, match="answers with NaN: its training diverged"):
        score(np.where(np.float32(0.1) == FOUR, np.float32(np.nan), FOUR), FOUR_LABELS)


def test_class_accuracies_leave_absent_classes_open() -> None:
    accuracies = score(FOUR[[0, 1, 1, 3]], np.array([0, 0, 1, 42])).class_accuracies()
    assert accuracies == [1.0, 0.0, *[None] * 40, 1.0]


def test_class_accuracies_are_shares() -> None:
    accuracies = score(rows(*[{5: 1.0}] * 3, {6: 1.0}), np.array([5, 5, 5, 5])).class_accuracies()
    assert accuracies[5] == 0.75
    assert [each for each in accuracies if each is not None] == [0.75]


def test_calibration_pools_the_pictures_of_a_bin() -> None:
    """Of two pictures at 0.61 and 0.65 one is right: together they are off by 0.13, apart by 0.5."""
    probabilities = rows({0: 0.61, 1: 0.39}, {0: 0.65, 1: 0.35})
    assert score(probabilities, np.array([0, 1])).ece == pytest.approx(0.13, abs=1e-6)


def test_loss_of_an_impossible_answer_is_finite() -> None:
    scores = score(rows({0: 1.0}), np.array([1]))
    assert scores.loss == pytest.approx(126 * math.log(2)), "2^-126 is the least normal float32"
    assert scores.ece == 1 and scores.accuracy == 0


def test_even_answers_are_the_first_class() -> None:
    scores = score(np.full((2, 43), 1 / 43), np.array([0, 7]))
    assert scores.accuracy == 0.5 and scores.confusion[7, 0] == 1
    assert scores.loss == pytest.approx(math.log(43))


@given(n=st.integers(1, 60), seed=strategies.SEEDS, sharpness=st.sampled_from([0.1, 1, 10]))
def test_score_agrees_with_slow_loops(n: int, seed: int, sharpness: float) -> None:
    random = np.random.default_rng(seed)
    weights = np.exp(random.normal(0, sharpness, (n, 43)))
    probabilities = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    guesses = [row.index(max(row)) for row in probabilities.tolist()]
    labels = np.where(random.random(n) < 0.7, guesses, random.integers(0, 43, n))
    scores = score(probabilities, labels)
    pairs = list(zip(labels.tolist(), guesses, strict=True))
    assert scores.accuracy == pytest.approx(sum(right == guess for right, guess in pairs) / n)
    assert scores.ece == pytest.approx(calibration_error(probabilities, labels), abs=1e-12)
    losses = [-math.log(max(row[label], 2**-126)) for row, label in zip(probabilities.tolist(), labels, strict=True)]
    assert scores.loss == pytest.approx(sum(losses) / n)
    assert scores.confusion.tolist() == [[pairs.count((i, j)) for j in range(43)] for i in range(43)]


BAD: dict[str, tuple[Any, Any, str]] = {
    "nothing": (FOUR[:0], FOUR_LABELS[:0], "with N of at least 1. Received: (0, 43) and (0,)"),
    "lengths": (FOUR, FOUR_LABELS[:3], "Received: (4, 43) and (3,)"),
    "42 classes": (FOUR[:, :42], FOUR_LABELS, "`labels` must be 0..41. Received: 0..42"),
    "one row": (
        FOUR[0],
        FOUR_LABELS[:1],
        "must have shape (N, classes) and `labels` (N,) with N of at least 1. Received: (43,) and (1,)",
    ),
    "column of labels": (FOUR, FOUR_LABELS[:, np.newaxis], "Received: (4, 43) and (4, 1)"),
    "one in a column": (FOUR[:1], FOUR_LABELS[:1, np.newaxis], "Received: (1, 43) and (1, 1)"),
}


@pytest.mark.parametrize(("probabilities", "labels", "message"), BAD.values(), ids=BAD.keys())
def test_score_rejects(probabilities: Any, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        score(probabilities, labels)


def test_reliability_by_hand() -> None:
    bins = reliability(np.array([0.61, 0.65, 1.0]), np.array([True, False, True]))
    assert bins.pictures.tolist() == [0] * 9 + [2] + [0] * 4 + [1]
    assert bins.confidence[[0, 9, 14]].tolist() == pytest.approx([0, 0.63, 1])
    assert bins.accuracy[[0, 9, 14]].tolist() == [0, 0.5, 1]
    assert bins.error == pytest.approx((2 * 0.13 + 0) / 3)
