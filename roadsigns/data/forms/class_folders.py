"""A folder for each class: `stop/1.jpg`, or below folders of the splits: `train/stop/1.jpg`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ... import photos, pictures
from ...errors import DataError
from ..collection import SPLIT_WORDS, Collection, Item
from ..tree import Tree

PICTURES = (".jpe", *sorted(photos.ENDINGS))
"""Endings of pictures, in small letters."""


def find(tree: Tree) -> Sequence[str]:
    """All pictures of `tree`, if one lies in a folder."""
    names = [name for name in tree.names if name.lower().endswith(PICTURES)]
    return names if any("/" in name for name in names) else []


def read(tree: Tree) -> Collection:
    """All pictures with the folder they lie in as their class.

    Raises:
        DataError: folders nest deeper than splits and classes do.
    """
    names = find(tree)
    parts = [name.split("/")[:-1] for name in names]
    top = _shared(parts)
    below = [folders[len(top) :] for folders in parts]
    items, strays = [], []
    with_splits = any(len(folders) == 2 and folders[0].lower() in SPLIT_WORDS for folders in below)
    for name, folders in zip(names, below, strict=True):
        if with_splits and len(folders) == 2 and folders[0].lower() in SPLIT_WORDS:
            items.append(Item(name, folders[1], SPLIT_WORDS[folders[0].lower()]))
        elif not with_splits and len(folders) == 1:
            items.append(Item(name, folders[0]))
        elif len(folders) > 1 and (not with_splits or folders[0].lower() in SPLIT_WORDS):
            raise DataError(f"{tree.title(name)} lies {len(top + folders)} folders deep; expected {_EXPECTED}")
        else:
            strays.append(name)
    classes = {item.label for item in items}
    form = f"class folders{' below folders of the splits' if with_splits else ''}"
    reason = "lies in no class's folder"
    return Collection(
        form,
        items,
        lambda index: tree.read(items[index].name, pictures.MAX_BYTES),
        tree.stamps(item.name for item in items),
        [(name, reason) for name in strays],
        _empty(tree, top, classes, with_splits),
    )


_EXPECTED = "CLASS/PICTURE, or train/CLASS/PICTURE, valid/CLASS/PICTURE and test/CLASS/PICTURE"


def _shared(parts: Sequence[Sequence[str]]) -> list[str]:
    """The folders above all classes and splits; a picture may lie beside these, such as an overview."""
    first, last = min(map(list, parts)), max(map(list, parts))  # what these two share, all do
    shared = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    top = [folder for folder, _ in shared]
    top = list(itertools.takewhile(lambda folder: folder.lower() not in SPLIT_WORDS, top))
    beside = {folders[len(top)] for folders in parts if len(folders) > len(top)}
    only_one = len(beside) < 2 and any(len(folders) == len(top) for folders in parts)
    return top[:-1] if only_one else top


def _empty(tree: Tree, top: list[str], classes: set[str], with_splits: bool) -> list[str]:
    """A note on the classes whose folders hold no picture."""
    found = set()
    for folder in tree.folders():
        parts = folder.split("/")
        below = parts[len(top) :] if parts[: len(top)] == top else []
        if len(below) == 1 + with_splits and (not with_splits or below[0].lower() in SPLIT_WORDS):
            found.add(below[-1])
    names = ", ".join(sorted(found - classes))
    return [f"there is no picture of {names}"] if names else []
