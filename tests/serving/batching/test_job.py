"""A request's rows, counted, cut and joined; a job: parts in, one answer out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from roadsigns.errors import RequestError
from roadsigns.serving.batching.job import Job, Rows, check_rows, cut, join, rows_of, without_ones
from roadsigns.serving.protocol.signature import Signature, TensorSpec

X = np.arange(5.0)


def job(most: int = 2) -> Job:
    return Job("f", {"x": X}, None, Rows({"x": X}, 5, ("f",)), most)


def test_the_answers_of_the_parts_become_one_in_the_order_of_the_rows() -> None:
    made = job()
    parts = list(made.waiting)
    assert [(part.start, part.rows, part.inputs["x"].tolist()) for part in parts] == [
        (0, 2, [0, 1]),
        (2, 2, [2, 3]),
        (4, 1, [4]),
    ]
    for part in parts[::-1]:
        assert not made.future.done()
        made.answer(part.start, {"y": part.inputs["x"] + 1})
    assert made.future.result()["y"].tolist() == [1, 2, 3, 4, 5]


def test_without_rows_the_inputs_stay_as_they_are() -> None:
    made = Job("f", {"x": X}, None, None, 2)
    [part] = made.waiting
    assert part.inputs["x"] is X and part.rows == made.rows == 1 and made.key is None


def test_the_first_failure_counts() -> None:
    made = job()
    made.fail(ValueError("first"))
    made.fail(ValueError("second"))
    made.answer(0, {"y": X})
    with pytest.raises(ValueError, match="first"):
        made.future.result()


def test_whoever_has_gone_is_not_answered() -> None:
    made = job(most=5)
    assert made.future.cancel()
    made.answer(0, {"y": X})
    made.fail(ValueError())
    assert made.future.cancelled()


FLOAT = "DT_FLOAT"
NETWORK = Signature(
    {"x": TensorSpec(FLOAT, (-1, 2)), "keep_prob": TensorSpec(FLOAT), "keep_prob_conv": TensorSpec(FLOAT)},
    {"y": TensorSpec(FLOAT, (-1, 3))},
)


def rows(x: int, keep: Any = 1, conv: Any = 1, *, share: bool = True) -> Rows | None:
    inputs = {
        "x": np.arange(2.0 * x, dtype=np.float32).reshape(x, 2),
        "keep_prob": np.asarray(keep, np.float32),
        "keep_prob_conv": np.asarray(conv, np.float32),
    }
    return rows_of("f", NETWORK, inputs, None, share=share)


@pytest.mark.parametrize(
    ("given", "count", "shared"),
    [
        (rows(1), 1, True),
        (rows(3), 3, True),
        (rows(3, [1, 1, 1], [[1]]), 3, True),
        (rows(3, share=False), 3, False),
        (rows(3, 0.5), 3, False),
        (rows(3, [1, 0.5, 1]), 3, False),
        (rows(1, [1, 1, 1, 1]), 4, False),
        (rows(1, [0.5] * 4, 0.3), 4, False),
        (rows(1, np.full((2, 2), 0.5), [0.3] * 4), 4, False),
    ],
)
def test_a_request_has_as_many_rows_as_its_answer(given: Rows, count: int, shared: bool) -> None:
    assert (given.count, given.key is not None) == (count, shared)
    assert (given.inputs.keys() == {"x"}) is shared


@pytest.mark.parametrize(
    "given",
    [rows(0), rows(3, [1, 1]), rows(3, []), rows(1, [0.5] * 4, [0.5] * 3)],
    ids=["empty", "unfit", "no value", "two lengths"],
)
def test_what_the_graph_refuses_has_none(given: Rows | None) -> None:
    assert given is None


def test_one_picture_serves_every_answer_and_each_has_its_keep_probability() -> None:
    given = rows(1, np.linspace(0.1, 0.8, 8).reshape(2, 4), 0.5)
    assert given is not None
    part = given.cut(2, 5)
    assert part["x"].tolist() == [[0, 1]]
    np.testing.assert_allclose(part["keep_prob"], [0.3, 0.4, 0.5], rtol=1e-6)
    assert part["keep_prob_conv"].shape == ()


def test_many_pictures_are_cut_together_with_their_keep_probabilities() -> None:
    given = rows(4, [0.1, 0.2, 0.3, 0.4], [0.5])
    assert given is not None
    part = given.cut(3, 9)
    assert part["x"].tolist() == [[6, 7]]
    np.testing.assert_allclose(part["keep_prob"], [0.4], rtol=1e-6)
    assert part["keep_prob_conv"].tolist() == [0.5]


def test_rows_are_joined_and_the_last_is_repeated() -> None:
    joined = join([{"x": np.array([1, 2])}, {"x": np.array([3])}], 5)
    assert joined["x"].tolist() == [1, 2, 3, 3, 3]
    assert cut(joined, 1, 3)["x"].tolist() == [2, 3]


def test_an_answer_of_other_rows_is_found_out() -> None:
    check_rows({"y": np.zeros((3, 2))}, 3)
    for wrong in (np.zeros((2, 3)), np.zeros(())):
        with pytest.raises(RequestError, match="expected 3 rows") as refused:
            check_rows({"y": wrong}, 3)
        assert refused.value.code == "INTERNAL"


@pytest.mark.parametrize(
    ("keep", "are_ones"),
    [(1, True), ([1], True), ([[1]], True), ([1, 1, 1], True), (0.5, False), ([1, 1, 0.5], False), ([1, 1], False)],
)
def test_ones_are_left_out(keep: Any, are_ones: bool) -> None:
    inputs = {"x": np.zeros((3, 2)), "keep_prob": np.float32(keep), "keep_prob_conv": np.float32(1)}
    rest = without_ones(NETWORK, inputs)
    assert (rest is not None and rest.keys() == {"x"}) is are_ones
