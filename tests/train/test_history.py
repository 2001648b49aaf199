from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns.errors import ModelError
from roadsigns.train import history
from roadsigns.train.history import Epoch

FLOATS = st.floats(0, 1e6)


@given(st.lists(st.tuples(*[FLOATS] * 6), min_size=1, max_size=3))
def test_rows_come_back_in_every_bit(tmp_path_factory: pytest.TempPathFactory, numbers: Any) -> None:
    path = tmp_path_factory.mktemp("run") / "history.csv"
    rows = [Epoch(epoch, *values) for epoch, values in enumerate(numbers, start=1)]
    history.write(path, rows)
    assert history.read(path, len(rows)) == rows


def test_the_file_has_a_header_and_a_row_an_epoch(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    history.write(path, [Epoch(1, 0.5, 0.25, 2.0, 0.75, 1e3, 0.001)])
    header = "epoch,loss,accuracy,validation_loss,validation_accuracy,images_per_second,seconds"
    assert path.read_text().splitlines() == [header, "1,0.5,0.25,2.0,0.75,1000.0,0.001"]


def test_rows_after_the_newest_epoch_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    rows = [Epoch(epoch, 1, 1, 1, 1, 1, 1) for epoch in (1, 2, 3)]
    history.write(path, rows)
    assert history.read(path, 2) == rows[:2]


HEADER = "epoch,loss,accuracy,validation_loss,validation_accuracy,images_per_second,seconds\n"
DAMAGED: dict[str, bytes | None] = {
    "missing": None,
    "empty": b"",
    "header only": HEADER.encode(),
    "cut off": (HEADER + "1,1,1,1,1,1,1\n2,1,1").encode(),
    "letters": (HEADER + "1,1,1,1,1,1,1\n2,x,1,1,1,1,1\n").encode(),
    "gap": (HEADER + "2,1,1,1,1,1,1\n").encode(),
    "twice": (HEADER + "1,1,1,1,1,1,1\n1,1,1,1,1,1,1\n2,1,1,1,1,1,1\n").encode(),
    "other columns": b"a,b\n1,2\n",
    "bytes": b"\xff\xfe\x00",
    "zeros": b"\0" * 100,
    "one long field": b"x" * 200_000,
    "fractional epoch": (HEADER + "1.5,1,1,1,1,1,1\n").encode(),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=f"in {re.escape(repr(str(path)))}.*Start a new run without --resume"):
        history.read(path, 2)
