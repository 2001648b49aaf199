"""A job: parts in, one answer out."""

from __future__ import annotations

import numpy as np
import pytest

from roadsigns.serving.batching.batch import Rows
from roadsigns.serving.batching.job import Job

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
