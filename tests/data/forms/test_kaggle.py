from __future__ import annotations

from pathlib import Path

from labelled import asked, training
from roadsigns.data.forms import kaggle as form
from roadsigns.data.tree import open_tree


def test_pictures_are_in_the_benchmarks_order_whatever_that_of_the_table(kaggle: Path, unpacked: Path) -> None:
    with open_tree(kaggle) as tree:
        assert form.find(tree) == ["Train.csv"]
        items = form.read(tree).items
    named = [(int(item.label), item.name.rpartition("/")[2][6:-4]) for item in items if item.split is None]
    assert named == [(label, stem) for label, stem, _ in training(unpacked)]
    tests = [(int(item.label), item.name) for item in items if item.split == "test"]
    assert tests == [(label, f"Test/{stem}.png") for label, stem, _ in asked(unpacked)]


def test_what_is_missing_is_left_out(kaggle: Path) -> None:
    (kaggle / "Test" / "00001.png").unlink()
    with open_tree(kaggle) as tree:
        made = form.read(tree)
    assert made.left_out == [("Test/00001.png", "is missing")]
    assert len([item for item in made.items if item.split == "test"]) == 3


def test_another_table_of_that_name_is_not_it(tmp_path: Path) -> None:
    (tmp_path / "Train.csv").write_text("path,label\na.png,3\n")
    with open_tree(tmp_path) as tree:
        assert form.find(tree) == []
