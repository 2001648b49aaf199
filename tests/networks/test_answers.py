from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from roadsigns.networks.answers import feed

Floats = npt.NDArray[np.float32]

X = np.random.default_rng(0).random((3, 32, 32, 1), np.float32)


# What a network is fed.


@given(x=strategies.batches(), data=st.data())
def test_feed_gives_one_row_an_answer(x: Floats, data: st.DataObject) -> None:
    n = len(x)
    answers = data.draw(st.integers(1, 6)) if n == 1 else n
    many = st.lists(strategies.KEEPS, min_size=answers, max_size=answers)
    keeps = {
        name: data.draw(st.one_of(strategies.KEEPS, strategies.KEEPS.map(lambda keep: [keep]), many))
        for name in ("keep_prob", "keep_prob_conv")
    }
    if n == 1:
        answers = max(len(keep) if isinstance(keep, list) else 1 for keep in keeps.values())
    inputs = feed(x, **keeps)
    assert list(inputs) == ["x", "keep_prob", "keep_prob_conv"]
    assert inputs["x"].dtype == np.float32 and inputs["x"].shape == (answers, 32, 32, 1)
    for row in range(answers):
        np.testing.assert_array_equal(inputs["x"][row], x[row if n > 1 else 0])
    for name, keep in keeps.items():
        values = keep if isinstance(keep, list) else [keep]
        expected = values * answers if len(values) == 1 else values
        assert inputs[name].dtype == np.float32 and inputs[name].tolist() == expected


def test_feed_keeps_all_by_default() -> None:
    inputs = feed(X)
    assert inputs["keep_prob"].tolist() == inputs["keep_prob_conv"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("keep", [1, 1.0, np.float64(1), np.ones((), np.float32), [1], (1,), np.ones(3), [1] * 3])
def test_feed_takes_numbers_of_many_forms(keep: Any) -> None:
    assert feed(X, keep_prob=keep)["keep_prob"].tolist() == [1, 1, 1]


VALUE, SHAPE = "Invalid value for `{}`: expected numbers in (0, 1]. Received: {}", "Invalid shape of `{}`: expected "
BAD: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "0": (X, {"keep_prob": 0}, ValueError, VALUE.format("keep_prob", "0")),
    "negative": (X, {"keep_prob_conv": -0.1}, ValueError, VALUE.format("keep_prob_conv", "-0.1")),
    "above 1": (X, {"keep_prob": 1.0001}, ValueError, VALUE.format("keep_prob", "1.0001")),
    "NaN": (X, {"keep_prob": np.nan}, ValueError, VALUE.format("keep_prob", "nan")),
    "infinite": (X, {"keep_prob_conv": np.inf}, ValueError, VALUE.format("keep_prob_conv", "inf")),
    "one of three": (X, {"keep_prob": [1, 0.5, 0]}, ValueError, VALUE.format("keep_prob", "[1, 0.5, 0]")),
    "0 in float32": (X, {"keep_prob": 1e-60}, ValueError, VALUE.format("keep_prob", "")),
    "two for three": (
        X,
        {"keep_prob": [1, 1]},
        ValueError,
        SHAPE.format("keep_prob") + "one number, or one for each of 3 answers. Received: shape (2,)",
    ),
    "none for three": (X, {"keep_prob": []}, ValueError, "Received: shape (0,)"),
    "none for one": (X[:1], {"keep_prob": []}, ValueError, SHAPE.format("keep_prob")),
    "two for none": (X[:0], {"keep_prob": [1, 1]}, ValueError, "one for each of 0 answers. Received: shape (2,)"),
    "2 and 3": (X[:1], {"keep_prob": [1] * 2, "keep_prob_conv": [1] * 3}, ValueError, "Received: shape (2,)"),
    "2-D": (X, {"keep_prob_conv": [[1]]}, ValueError, SHAPE.format("keep_prob_conv")),
    "column": (X, {"keep_prob": np.ones((3, 1))}, ValueError, "Received: shape (3, 1)"),
    "double": (X.astype(float), {}, TypeError, "`x` must be a NumPy array of float32. Received: float64"),
    "pixels": (np.zeros((1, 32, 32, 1), np.uint8), {}, TypeError, "Received: uint8"),
    "list": ([[0.5]], {}, TypeError, "`x` must be a NumPy array of float32. Received: list"),
    "one": (X[0], {}, ValueError, "`x` must have shape (N, 32, 32, 1) or (N, 32, 32, 3). Received: (32, 32, 1)"),
    "flat": (X[..., 0], {}, ValueError, "Received: (3, 32, 32)"),
    "two channels": (np.zeros((1, 32, 32, 2), np.float32), {}, ValueError, "Received: (1, 32, 32, 2)"),
    "number": (np.zeros((), np.float32), {}, ValueError, "Received: ()"),
}


@pytest.mark.parametrize(("x", "keeps", "kind", "message"), BAD.values(), ids=BAD.keys())
def test_feed_rejects(x: Any, keeps: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        feed(x, **keeps)
