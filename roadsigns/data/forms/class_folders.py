"""A folder for each class: `stop/1.jpg`, or below folders of the splits: `train/stop/1.jpg`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from ... import photos, pictures
from ...errors import DataError
from ..collection import SPLIT_WORDS, Collection, Item
from ..packed_list import PackedList
from ..tree import Tree

PICTURES = (".jpe", *sorted(photos.ENDINGS))
"""Endings of pictures, in small letters."""


def find(tree: Tree) -> Sequence[str]:
    """All pictures of `tree`, if one lies in a folder."""
    names = PackedList(name for name in tree.names if name.lower().endswith(PICTURES))
    return names if any("/" in name for name in names) else []


def read(tree: Tree) -> Collection:
    """All pictures with the folder they lie in as their class.

    Raises:
        DataError: folders nest deeper than splits and classes do.
    """
    names = find(tree)
    top = _shared(names)
    with_splits = any(_is_split(folders) for folders in _below(names, top))
    strays: list[str] = []
    items = Item.packed(_items(tree, names, top, with_splits, strays))
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


def _items(tree: Tree, names: Sequence[str], top: list[str], with_splits: bool, strays: list[str]) -> Iterator[Item]:
    """Each picture in a class's folder; the names of others are added to `strays`."""
    for name, folders in zip(names, _below(names, top), strict=True):
        if with_splits and _is_split(folders):
            yield Item(name, folders[1], SPLIT_WORDS[folders[0].lower()])
        elif not with_splits and len(folders) == 1:
            yield Item(name, folders[0])
        elif len(folders) > 1 and (not with_splits or folders[0].lower() in SPLIT_WORDS):
            raise DataError(f"{tree.title(name)} lies {len(top + folders)} folders deep; expected {_EXPECTED}")
        else:
            strays.append(name)


def _below(names: Sequence[str], top: list[str]) -> Iterator[list[str]]:
    """For each picture the folders between `top` and it."""
    return (name.split("/")[len(top) : -1] for name in names)


def _is_split(folders: list[str]) -> bool:
    return len(folders) == 2 and folders[0].lower() in SPLIT_WORDS


_EXPECTED = "CLASS/PICTURE, or train/CLASS/PICTURE, valid/CLASS/PICTURE and test/CLASS/PICTURE"


def _shared(names: Sequence[str]) -> list[str]:
    """The folders above all classes and splits; a picture may lie beside these, such as an overview."""
    first, last = min(_below(names, [])), max(_below(names, []))  # what these two share, all do
    shared = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    top = [folder for folder, _ in shared]
    top = list(itertools.takewhile(lambda folder: folder.lower() not in SPLIT_WORDS, top))
    beside = {folders[0] for folders in _below(names, top) if folders}
    only_one = len(beside) < 2 and not all(_below(names, top))
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
