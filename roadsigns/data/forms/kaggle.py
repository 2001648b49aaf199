"""The benchmark as Kaggle has it: PNG pictures, and the tables `Train.csv` and `Test.csv` beside their folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ... import pictures
from ..collection import Collection, Item
from ..tracks import as_official
from ..tree import Tree
from .table import MAX_BYTES, rows

COLUMNS = {"width", "height", "roi.x1", "roi.y1", "roi.x2", "roi.y2", "classid", "path"}


def find(tree: Tree) -> Sequence[str]:
    """`Train.csv`, where it has the columns of the benchmark's tables and lies highest."""
    names = sorted((name for name in tree.names if name.rpartition("/")[2] == "Train.csv"), key=lambda n: n.count("/"))
    return [name for name in names[:1] if set(_head(tree, name)) >= COLUMNS]


def read(tree: Tree) -> Collection:
    """The pictures of both tables: by class, track and frame to learn from, the test set in its official order.

    The pictures are whole: their margins are the benchmark's, as in the published pickles.

    Raises:
        DataError: a table is of another form.
    """
    top = find(tree)[0].removesuffix("Train.csv")
    items: list[Item] = []
    left_out: list[tuple[str, str]] = []
    for table, split in (("Train.csv", None), ("Test.csv", "test")):
        if not tree.has(top + table):
            continue
        found = []
        for row in rows(tree.read(top + table, MAX_BYTES), tree.title(top + table)):
            name = top + row["path"]
            if tree.has(name):
                found.append(Item(name, row["classid"], "test" if split else None))
            else:
                left_out.append((name, "is missing"))
        items += sorted(found, key=lambda item: (item.split or "", item.name.rpartition("/")[2]))
    return Collection(
        "the benchmark as Kaggle has it",
        as_official(items),
        lambda index: tree.read(items[index].name, pictures.MAX_BYTES),
        tree.stamps(item.name for item in items),
        left_out,
        published=True,
    )


def _head(tree: Tree, name: str) -> Iterable[str]:
    return next(iter(rows(tree.read(name, MAX_BYTES), tree.title(name))), {}).keys()
