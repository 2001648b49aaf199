from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from labelled import fill, pixels, png
from roadsigns import data
from roadsigns.data.forms.table import rows
from roadsigns.data.pixels import sign
from roadsigns.errors import DataError

TABLES = {
    "commas": b"path,label\na.png,x\n",
    "semicolons": b"path;label\na.png;x\n",
    "tabs": b"path\tlabel\na.png\tx\n",
    "mark": b"\xef\xbb\xbfpath,label\na.png,x\n",
    "utf-16": "path,label\na.png,x\n".encode("utf-16"),
    "windows": b"path,label\r\na.png,x\r\n",
    "blanks": b"\n\n path , label \n\n a.png , x \n,\n",
    "quotes": b'"path","label"\n"a.png","x"\n',
    "capitals": b"PATH,Label\na.png,x\n",
}


@pytest.mark.parametrize("content", TABLES.values(), ids=TABLES.keys())
def test_rows_of_every_dialect(content: bytes) -> None:
    assert list(rows(content, "t.csv")) == [{"path": "a.png", "label": "x"}]


def test_a_row_may_be_short_but_not_long() -> None:
    assert list(rows(b"a,b\n1\n", "t.csv")) == [{"a": "1", "b": ""}]
    with pytest.raises(DataError, match=r"t\.csv has 3 values in line 2; the heading has 2"):
        list(rows(b"a,b\n1,2,3\n", "t.csv"))


@pytest.mark.parametrize("content", [b"\xff", b"a,b\n" + b"x" * 200_000 + b",1\n"])
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match=r"^t\.csv is no t"):
        list(rows(content, "t.csv"))


def test_boxes_are_cut_and_splits_are_taken(tmp_path: Path) -> None:
    images = [png(pixels(i, 200, 160)) for i in range(4)]
    lines = "file;class;x1;y1;x2;y2;split\n0.png;gate;40;50;100.4;120;train\n1.png;depot;;;;;val\n"
    lines += "2.png;gate;1;2;150;190;TEST\n"
    path = fill(tmp_path / "own", {"t.csv": lines.encode(), **{f"{i}.png": each for i, each in enumerate(images)}})
    loaded = data.load(str(path / "t.csv"), tmp_path / "cache")
    assert loaded.classes.names == ("depot", "gate")
    for split, expected in (
        (loaded.train, sign(images[0], "a", (40, 50, 100, 120))),
        (loaded.valid, sign(images[1], "a")),
        (loaded.test, sign(images[2], "a", (1, 2, 150, 190))),
    ):
        np.testing.assert_array_equal(split.images[0], expected)
    assert [split.labels.tolist() for split in loaded.splits()] == [[1], [0], [1]]


def test_a_class_may_be_called_what_no_folder_can(tmp_path: Path) -> None:
    names = ("../a/b", "\N{DOOR} depot", "CON.")
    lines = [f"p/{number}.png,{name}" for number, name in enumerate(names * 3)]
    files = {f"p/{number}.png": png(pixels(number)) for number in range(9)}
    path = fill(tmp_path / "own", {**files, "t.csv": "\n".join(["path,label", *lines]).encode()})
    assert data.load(str(path / "t.csv"), tmp_path / "cache").classes.names == ("../a/b", "CON.", "\N{DOOR} depot")


def test_tables_named_as_splits_are_one_data_set(tmp_path: Path) -> None:
    files = {f"{i}.png": png(pixels(i)) for i in range(6)}
    for index, split in enumerate(("train", "valid", "test")):
        files[f"{split}.csv"] = f"image,label\n{2 * index}.png,3\n{2 * index + 1}.png,4\n".encode()
    loaded = data.load(str(fill(tmp_path / "own", files)), tmp_path / "cache")
    assert [split.labels.tolist() for split in loaded.splits()] == [[3, 4]] * 3


def test_rows_that_cannot_be_used_are_left_out_with_their_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        "path,label,box,split",
        "p/none.png,gate,,",
        "p/0.png,-1,,",
        "p/0.png,,,",
        "p/0.png,gate,1 2 3,",
        "p/0.png,gate,1 2 3 nan,",
        "p/0.png,gate,30 30 20 35,",
        "p/0.png,gate,[400 400 500 500],",
        "p/0.png,gate,,else",
        "../../etc/passwd,gate,,",
        *(f"p/{i}.png,gate,," for i in range(9)),
    ]
    files = {f"p/{i}.png": png(pixels(i)) for i in range(9)} | {"labels.csv": "\n".join(lines).encode()}
    path = fill(tmp_path / "own", files)
    loaded = data.load(str(path), tmp_path / "cache")
    assert sum(len(split) for split in loaded.splits()) == 9
    title = path / "labels.csv"
    left_out = dict(loaded._cache.left_out)  # type: ignore[attr-defined]
    assert left_out[f"line 2 of {title}"] == "names 'p/none.png', which is missing"
    assert left_out[f"line 3 of {title}"] == "has the label '-1'; expected a name, or a number of at least 0"
    assert left_out[f"line 4 of {title}"].startswith("has the label ''")
    assert left_out[f"line 5 of {title}"] == left_out[f"line 6 of {title}"] == "has a box that is not four numbers"
    assert left_out[f"line 9 of {title}"] == "is of split 'else'; expected train, valid or test"
    assert left_out[f"line 10 of {title}"].startswith("names '../../etc/passwd', which is missing")
    boxes = [reason for name, reason in loaded._cache.left_out if name == "p/0.png"]  # type: ignore[attr-defined]
    assert boxes == [
        "the box (30, 30, 20, 35) is empty or upside down; expected x1 < x2 and y1 < y2",
        "the box (400, 400, 500, 500) lies outside of the picture of 36 x 40 pixels",
    ]
    assert re.search(r"9 left out; index\.json in .* lists all", capsys.readouterr().err)
