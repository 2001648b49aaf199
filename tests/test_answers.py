"""Answers as they are printed and written, read back."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from roadsigns import answers
from roadsigns.answers import FileAnswer
from roadsigns.classifier import Guess, Prediction

STOP = Prediction((Guess(14, "Stop", 0.75), Guess(13, "Yield", 0.25)), no_sign=0.9)
SHOWN = FileAnswer("a b.png", STOP, picture=np.zeros((20, 30, 3), np.uint8))
LOST = FileAnswer("odd\n\udcff.png", error="is damaged")


def test_a_table_keeps_to_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    answers.print_table(SHOWN)
    answers.print_table(FileAnswer("one.png", Prediction(STOP.best[:1])))
    answers.print_table(FileAnswer("odd\n.png", error="is damaged"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["a b.png", "   75.00%  14  probably no sign: Stop"]
    assert lines[3].split() == ["75.00%", "14", "Stop", "one.png"]
    assert lines[4] == r"odd\n.png: is damaged"


def test_json_is_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    answers.print_json(SHOWN)
    answers.print_json(LOST)
    shown, lost = map(json.loads, capsys.readouterr().out.splitlines())
    assert shown["best"][0] == {"class_id": 14, "class_name": "Stop", "score": 0.75} and shown["no_sign"] == 0.9
    assert lost == {"file": "odd\n\udcff.png", "error": "is damaged"}


def test_csv_reads_back(tmp_path: Path) -> None:
    with answers.to_csv(tmp_path / "a.csv", 2) as write:
        write(SHOWN)
        write(LOST)
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        shown, lost = csv.DictReader(file)
    assert (shown["file"], shown["class_name"], shown["class_id_2"], shown["error"]) == ("a b.png", "Stop", "13", "")
    assert (lost["file"], lost["class_id"], lost["error"]) == ("odd\n\udcff.png", "", "is damaged")


def test_parquet_reads_back(tmp_path: Path) -> None:
    from pyarrow import parquet

    with answers.to_parquet(tmp_path / "a.parquet", 1) as write:
        write(SHOWN)
        write(LOST)
    shown, lost = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert (shown["class_id"], shown["score"], shown["error"]) == (14, 0.75, None)
    assert (lost["file"], lost["class_id"], lost["error"]) == ("odd\n\\udcff.png", None, "is damaged")


def test_a_sheet_has_a_cell_for_each(tmp_path: Path) -> None:
    with answers.to_sheet(tmp_path / "a.png") as write:
        for _ in range(7):
            write(SHOWN)
    with Image.open(tmp_path / "a.png") as sheet:
        assert sheet.size == (6 * 164, 2 * 150) and sheet.getpixel((82, 52)) == (0, 0, 0)


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("kept")
    with pytest.raises(KeyError), answers.to_csv(tmp_path / "a.csv", 1):
        raise KeyError
    assert (tmp_path / "a.csv").read_text() == "kept"


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that this process may not write into, though it be root's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)  # nobody
        yield Path(name)
        if is_root:
            os.seteuid(0)
        Path(name).chmod(0o755)


@pytest.mark.parametrize("form", [answers.to_csv, answers.to_parquet, answers.to_sheet])
def test_a_folder_of_somebody_else_is_told(form: Any, closed: Path) -> None:
    flags = () if form is answers.to_sheet else (1,)
    from pyarrow import parquet  # noqa: F401  its files are not nobody's to read

    with pytest.raises(PermissionError) as caught, form(closed / "out", *flags) as write:
        write(LOST)
    assert Path(caught.value.filename).name == "out" and not os.listdir(closed)
