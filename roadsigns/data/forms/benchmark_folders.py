"""The benchmark's own pictures and tables, unpacked: as its archives hold them, or as torchvision lays them out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ... import pictures
from ...errors import DataError
from ..benchmark import MAX_MEMBER_BYTES, parse_table
from ..collection import Collection, Item
from ..packed_list import PackedList
from ..tracks import as_official
from ..tree import Tree

_TRAIN = re.compile(r"((?:.*/)?(?:Final_Training/Images|Training)/)(\d{5})/\d{5}_\d{5}\.ppm")
_TEST = re.compile(r"(?:.*/)?Final_Test/Images/(\d{5}\.ppm)")
_TEST_TABLE = re.compile(r"(?:.*/)?GT-final_test\.csv")


def find(tree: Tree) -> Sequence[str]:
    """The training pictures of `tree` that lie as the benchmark has them."""
    return PackedList(name for name in tree.names if _TRAIN.fullmatch(name))


def read(tree: Tree) -> Collection:
    """All pictures by class, track and frame, as `--data official` has them; the whole picture of each.

    Raises:
        DataError: two benchmarks are there, or a table is missing or of another form.
    """
    left_out: list[tuple[str, str]] = []
    items = [*_training(tree, left_out), *_testing(tree, left_out)]
    return Collection(
        "the benchmark's own pictures and tables",
        as_official(items),
        lambda index: tree.read(items[index].name, pictures.MAX_BYTES),
        tree.stamps(item.name for item in items),
        left_out,
        published=True,
    )


def _training(tree: Tree, left_out: list[tuple[str, str]]) -> list[Item]:
    matches = [match for name in find(tree) if (match := _TRAIN.fullmatch(name))]
    tops = sorted({match[1] for match in matches})
    if len(tops) > 1:
        raise DataError(f"{tree.path} holds the benchmark in {tops[0]} and in {tops[1]}. Name one of the two")
    tables = {}
    for folder in {match[2] for match in matches}:
        name = f"{tops[0]}{folder}/GT-{folder}.csv"
        tables[folder] = parse_table(tree.read(name, MAX_MEMBER_BYTES), tree.title(name))
    items = []
    for match in matches:
        row = tables[match[2]].get(match[0].rpartition("/")[2])
        if row is None:
            left_out.append((match[0], "is in no table"))
        elif row.label != int(match[2]):
            left_out.append((match[0], f"is of class {row.label} by its table; its folder says otherwise"))
        else:
            items.append(Item(match[0], str(row.label)))
    return items


def _testing(tree: Tree, left_out: list[tuple[str, str]]) -> list[Item]:
    """The test pictures in their official order; none without their table."""
    tables = [name for name in tree.names if _TEST_TABLE.fullmatch(name)]
    if not tables:
        return []
    rows = parse_table(tree.read(tables[0], MAX_MEMBER_BYTES), tree.title(tables[0]))
    names = {match[1]: name for name in tree.names if (match := _TEST.fullmatch(name))}
    left_out += [(names[file], "is in no table") for file in sorted(names.keys() - rows.keys())]
    left_out += [(file, "is missing") for file in sorted(rows.keys() - names.keys())]
    return [Item(names[file], str(rows[file].label), "test") for file in sorted(rows.keys() & names.keys())]
