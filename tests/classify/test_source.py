"""Which pictures words mean, and what of them is to do."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from roadsigns.classify import source
from roadsigns.classify.buckets import Buckets
from roadsigns.classify.source import Work
from roadsigns.errors import DataError


def nothing(names: Sequence[str]) -> np.ndarray:
    return np.zeros(len(names), bool)


def names(*words: str, recursive: bool = False) -> list[str]:
    return [name for work, _ in source.work(words, recursive, Buckets(), nothing) for name in work.names]


@pytest.fixture(autouse=True)
def _stand(here: Path) -> None:
    pass


SIGNS = [*(f"signs/{number}.png" for number in range(7)), "signs/broken.png"]


def test_words_mean_files_as_for_predict() -> None:
    assert names("signs") == SIGNS
    assert names("signs", recursive=True) == [*SIGNS, "signs/deep/7.png"]
    assert names("signs/[01].png", "signs/notes.txt", "signs/[01].png") == [
        "signs/0.png",
        "signs/1.png",
        "signs/notes.txt",
    ]


@pytest.mark.parametrize(
    ("words", "recursive", "expected"),
    [
        ("signs", False, [*SIGNS, "signs/a b#%?*.png"]),
        ("signs/", True, [*SIGNS, "signs/a b#%?*.png", "signs/deep/7.png"]),
        ("signs/[01].png", False, SIGNS[:2]),
        ("s*/b*", False, ["signs/broken.png"]),
        ("**/7.png", False, ["signs/deep/7.png"]),
        ("signs/**", False, [*SIGNS, "signs/a b#%?*.png", "signs/notes.txt", "signs/deep/7.png"]),
        ("signs/2.png", False, ["signs/2.png"]),
        ("signs/a b#%?*.png", False, ["signs/a b#%?*.png"]),
    ],
)
def test_words_mean_objects_of_a_bucket(s3: str, words: str, recursive: bool, expected: list[str]) -> None:
    found = names(f"{s3}/{words}", recursive=recursive)
    assert sorted(found) == sorted(f"{s3}/{name}" for name in expected)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("none*", "No file matches 'none*'"),
        ("empty", "'empty' holds no picture. For the folders within: --recursive"),
        ("empty.parquet", "'empty.parquet' holds no Parquet file"),
        ("s3://bucket/none*", "No file matches 's3://bucket/none*'"),
        ("s3://bucket/none", "'s3://bucket/none' is not there. Is the name right?"),
        ("s3://bucket", "'s3://bucket' holds no picture. For the folders within: --recursive"),
    ],
)
def test_words_that_mean_nothing_are_refused(s3: str, word: str, message: str) -> None:
    Path("empty").mkdir()
    Path("empty.parquet").mkdir()
    with pytest.raises(DataError, match=re.escape(message)):
        names("signs", word)


def test_names_of_any_bytes_travel() -> None:
    work = Work([os.fsdecode(b"odd\xff.png"), "b.png"])
    assert Work.from_arrow(work.to_arrow()) == work
    rows = Work(["a.parquet"] * 2, 3, [70, 71])
    assert Work.from_arrow(rows.to_arrow()) == rows


def test_tables_give_rows_or_names_and_what_is_done_is_left_out() -> None:
    Path("t.parquet").mkdir()
    parquet.write_table(pyarrow.table({"image": [b"0", b"1", b"2"]}), "t.parquet/a.parquet", row_group_size=2)
    parquet.write_table(pyarrow.table({"path": ["x.png", "y.png"]}), "t.parquet/b.parquet")
    done = {"t.parquet/a.parquet#1", "t.parquet/x.png"}

    def is_done(asked: Sequence[str]) -> np.ndarray:
        return np.array([name in done for name in asked], bool)

    assert list(source.work(["t.parquet"], False, Buckets(), is_done)) == [
        (Work(["t.parquet/a.parquet"], 0, [0]), 1),
        (Work(["t.parquet/a.parquet"], 1, [2]), 0),
        (Work(["t.parquet/y.png"]), 1),
    ]


def test_names_are_read_as_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that ten million do not fill the memory."""
    count = 200_000
    data = io.BytesIO(b"".join(b"/pictures/of/signs/beside/the/road/%09d.png\n" % number for number in range(count)))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(data)))
    works = source.work(["-"], False, Buckets(), nothing)
    first, _ = next(works)
    assert len(first.names) == source.AT_ONCE and data.tell() < 2**18
    assert sum(len(work.names) for work, _ in works) == count - source.AT_ONCE
