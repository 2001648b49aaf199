"""The pickles of a data set, one for each split: in a folder or a zip, or in a folder below it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .. import signs
from ..errors import DataError
from .schema import to_split
from .split import SPLITS, Split, SplitName
from .tree import Tree, open_tree
from .unpickle import MAX_BYTES, load_arrays


def member(split: SplitName) -> str:
    """Name of the pickle that holds `split`."""
    return f"{split}.p"


MEMBERS = tuple(member(split) for split in SPLITS)


def read_split(path: Path, split: SplitName, classes: int = signs.COUNT) -> Split:
    """Read one split of the zip or folder at `path`; the others need not be there. Labels are below `classes`.

    Raises:
        DataError: the archive or the pickle in it is missing, damaged, hostile or of another form.
        OSError: it cannot be read.
    """
    with open_pickle(path, split) as (file, name, size):
        return to_split(load_arrays(file, name, size=size), name, classes)


@contextlib.contextmanager
def open_pickle(
    path: Path, split: SplitName, *, way_out: str = ". Fetch it again"
) -> Iterator[tuple[BinaryIO, str, int]]:
    """Yield the pickle of `split`, its name for messages, and its bytes; an error of damage ends in `way_out`."""
    with open_tree(path, way_out=way_out) as tree:
        name = place(tree) + member(split)
        if not tree.has(name):
            raise DataError(f"{path} has no {member(split)}; expected {', '.join(MEMBERS)}")
        with tree.open(name, MAX_BYTES) as file:
            yield file, tree.title(name), tree.size(name)


def held(path: Path) -> tuple[SplitName, ...]:
    """The splits that are there."""
    with open_tree(path) as tree:
        folder = place(tree)
        return tuple(split for split in SPLITS if tree.has(folder + member(split)))


def place(tree: Tree) -> str:
    """The folder of the pickles in `tree`, empty or with a slash at its end: the one that lies highest.

    Raises:
        DataError: two lie equally high.
    """
    if any(map(tree.has, MEMBERS)):
        return ""
    folders = {name.removesuffix(each) for name in tree.names for each in MEMBERS if name.endswith(f"/{each}")}
    by_depth = sorted(folders, key=lambda folder: (folder.count("/"), folder))
    if len(by_depth) > 1 and by_depth[0].count("/") == by_depth[1].count("/"):
        raise DataError(f"{tree.path} holds a data set in {by_depth[0]} and one in {by_depth[1]}. Name one of the two")
    return by_depth[0] if by_depth else ""
