from __future__ import annotations

import re
from pathlib import Path

import pytest

from labelled import fill, pixels, png
from roadsigns.data.forms import class_folders
from roadsigns.data.tree import open_tree
from roadsigns.errors import DataError

LAYOUTS: dict[str, tuple[list[str], list[tuple[str, str | None]], list[str]]] = {
    "one level": (["a/1.png", "b/1.jpg"], [("a", None), ("b", None)], []),
    "one class": (["a/1.png", "a/2.png"], [("a", None), ("a", None)], []),
    "below a top folder": (["signs/a/1.png", "signs/b/1.png"], [("a", None), ("b", None)], []),
    "an overview beside": (
        ["signs/a/1.png", "signs/all.png", "signs/b/1.png"],
        [("a", None), ("b", None)],
        ["signs/all.png"],
    ),
    "splits": (
        ["Test/a/1.png", "train/a/1.png", "val/a/1.png"],
        [("a", "test"), ("a", "train"), ("a", "valid")],
        [],
    ),
    "splits below a top folder": (["x/train/a/1.png", "x/train/b/1.png"], [("a", "train"), ("b", "train")], []),
    "one split and class": (["train/a/1.png"], [("a", "train")], []),
    "others beside the splits": (
        ["Meta/1.png", "test/1.png", "train/a/1.png"],
        [("a", "train")],
        ["Meta/1.png", "test/1.png"],
    ),
    "odd names": (["🛑/1.png", "a b/1.png", "ä,;'/1.png"], [("a b", None), ("ä,;'", None), ("🛑", None)], []),
}


@pytest.mark.parametrize(("names", "items", "strays"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts(tmp_path: Path, names: list[str], items: list[tuple[str, str | None]], strays: list[str]) -> None:
    folder = fill(tmp_path / "own", {name: png(pixels(1)) for name in names} | {"notes.txt": b"", "a/notes.txt": b""})
    with open_tree(folder) as tree:
        made = class_folders.read(tree)
        assert sorted((item.label, item.split) for item in made.items) == sorted(items)
        assert [name for name, _ in made.left_out] == strays
        assert made.read(0) == png(pixels(1))


@pytest.mark.parametrize("names", [["a/x/1.png", "b/1.png"], ["a/1.png", "a/x/1.png"], ["train/a/b/1.png"]])
def test_deeper_folders_are_refused(tmp_path: Path, names: list[str]) -> None:
    folder = fill(tmp_path / "own", dict.fromkeys(names, b""))
    message = (
        " folders deep; expected CLASS/PICTURE, or train/CLASS/PICTURE, valid/CLASS/PICTURE and test/CLASS/PICTURE"
    )
    with open_tree(folder) as tree, pytest.raises(DataError, match=re.escape(message)):
        class_folders.read(tree)
