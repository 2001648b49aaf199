from __future__ import annotations

import re
from pathlib import Path

import pytest

from roadsigns.data.forms import benchmark_folders as form
from roadsigns.data.tree import open_tree
from roadsigns.errors import DataError

BASE = "GTSRB/Final_Training/Images/00007"


def test_what_no_table_has_or_no_picture_is_left_out(unpacked: Path) -> None:
    table = unpacked / BASE / "GT-00007.csv"
    table.write_text(table.read_text().replace("00001_00000.ppm", "x.ppm").replace("6;7\n", "6;8\n", 1))
    (unpacked / "GTSRB" / "Final_Test" / "Images" / "00002.ppm").unlink()
    with open_tree(unpacked) as tree:
        made = form.read(tree)
    assert (f"{BASE}/00001_00000.ppm", "is in no table") in made.left_out
    assert ("00002.ppm", "is missing") in made.left_out
    assert len([item for item in made.items if item.split == "test"]) == 3


def test_a_picture_of_another_class_is_left_out(unpacked: Path) -> None:
    table = unpacked / BASE / "GT-00007.csv"
    table.write_text(table.read_text().replace(";7", ";8", 1))
    with open_tree(unpacked) as tree:
        (left_out,) = form.read(tree).left_out
    assert left_out[1] == "is of class 8 by its table; its folder says otherwise"


def test_without_test_classes_there_is_no_test_split(unpacked: Path) -> None:
    (unpacked / "GT-final_test.csv").unlink()
    with open_tree(unpacked) as tree:
        assert {item.split for item in form.read(tree).items} == {None}


def test_a_missing_table_is_named(unpacked: Path) -> None:
    (unpacked / BASE / "GT-00007.csv").unlink()
    with open_tree(unpacked) as tree, pytest.raises(DataError, match=re.escape(f"{BASE}/GT-00007.csv is missing")):
        form.read(tree)
