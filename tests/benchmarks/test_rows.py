"""Rows of result files, counted by hand."""

from __future__ import annotations

import pytest
import rows


@pytest.mark.parametrize(("less", "ratio"), [(False, (0.5, 2.0, 1.25)), (True, (0.5, 2.0, 0.8))])
def test_a_ratio_above_1_is_better_and_is_one_of_a_round(less: bool, ratio: tuple[float, float, float]) -> None:
    row = rows.compare([4.0, 1.0, 5.0], [2.0, 2.0, 4.0], "a", "b", less=less, unit="seconds", images=3)
    assert (row["subject"], row["rival"], row["unit"], row["images"]) == ("a", "b", "seconds", 3)
    assert row["subject_value"] == {"median": 4.0, "min": 1.0, "max": 5.0}
    assert row["rival_value"] == {"median": 2.0, "min": 2.0, "max": 4.0}
    assert tuple(row["ratio"][key] for key in ("min", "max", "median")) == ratio


def test_a_row_says_where_it_comes_from() -> None:
    row = rows.described("one", "one.py FILE", litserve="1.2")
    assert (row["name"], row["command"], row["versions"]["litserve"]) == ("one", "python benchmarks/one.py FILE", "1.2")
    assert {"date", "commit", "machine"} <= set(row) and "numpy" in row["versions"]
