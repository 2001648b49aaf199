"""A table of pictures: a CSV file with a row for each, `path,label` and, where the sign is, `x1,y1,x2,y2`."""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from ... import pictures
from ...errors import DataError
from ..collection import SPLIT_WORDS, Box, Collection, Item
from ..split import SplitName
from ..tree import Tree

MAX_BYTES = 2**28
# Rows that tell whether a file is a table of pictures.
_LOOKED_AT = 100
_CHUNK = 2**16
PATHS = ("path", "file", "filename", "file_name", "filepath", "image", "image_path", "picture")
"""Columns that hold a picture file's name, the likeliest first."""
_LABELS = ("label", "class", "classid", "class_id", "category", "sign")
_SPLITS = ("split", "set", "subset")
_BOXES = (
    ("x1", "y1", "x2", "y2"),
    ("roi.x1", "roi.y1", "roi.x2", "roi.y2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("left", "top", "right", "bottom"),
)
EXPECTED = "the columns path and label, and perhaps split and x1, y1, x2, y2"


def find(tree: Tree) -> Sequence[str]:
    """The tables that lie highest in `tree`, have columns of paths and of labels, and name a picture that is there."""
    names = [name for name in tree.names if name.lower().endswith((".csv", ".tsv"))]
    depth = min((name.count("/") for name in names), default=0)
    return [name for name in names if name.count("/") == depth and _is_table(tree, name)]


def _is_table(tree: Tree, name: str) -> bool:
    try:
        first = list(itertools.islice(rows(tree.read(name, MAX_BYTES), tree.title(name)), _LOOKED_AT))
    except DataError:
        return False
    path = _column(first[0], PATHS) if first else None
    return bool(path and _column(first[0], _LABELS) and any(tree.has(_beside(name, row[path])) for row in first))


def _beside(name: str, path: str) -> str:
    """The file that the table `name` calls `path`."""
    above = name.rpartition("/")[0]
    return f"{above}/{path}" if above and not path.startswith("/") else path


def read(tree: Tree, names: Sequence[str] = ()) -> Collection:
    """All rows of the tables `names`, or of those that `find` finds; a table may be named as a split is.

    Paths are relative to the table. Pictures that are missing and boxes that are no numbers are left out.

    Raises:
        DataError: a table is no text or lacks a column.
    """
    names = names or find(tree)
    splits = {name: SPLIT_WORDS.get(name.rpartition("/")[2].rpartition(".")[0].lower()) for name in names}
    if len(names) > 1 and None in splits.values():
        both = " and ".join(names[:2])
        raise DataError(f"{tree.path} holds the tables {both}. Name the one that is meant, or move the other elsewhere")
    left_out: list[tuple[str, str]] = []
    items = Item.packed(
        item for name in names for item in _items(tree, name, splits[name] if len(names) > 1 else None, left_out)
    )
    return Collection(
        f"a table ({', '.join(names)})",
        items,
        lambda index: tree.read(items[index].name, pictures.MAX_BYTES),
        tree.stamps(itertools.chain(names, (item.name for item in items))),
        left_out,
    )


def _items(tree: Tree, name: str, split: SplitName | None, left_out: list[tuple[str, str]]) -> Iterator[Item]:
    """The rows of a table that can be used; the others are added to `left_out`."""
    title = tree.title(name)
    for number, row in enumerate(rows(tree.read(name, MAX_BYTES), title), start=2):
        path, label = _column(row, PATHS), _column(row, _LABELS)
        if not path or not label:
            raise DataError(f"{title} has the columns {', '.join(map(repr, row))[:200]}; expected {EXPECTED}")
        place = f"line {number} of {title}"
        file = _beside(name, row[path])
        word = row[_column(row, _SPLITS) or ""].lower() if _column(row, _SPLITS) else ""
        try:
            box = _box(row)
        except ValueError:
            left_out.append((place, "has a box that is not four numbers"))
            continue
        if not row[label] or row[label].startswith("-"):
            left_out.append((place, f"has the label {row[label]!r}; expected a name, or a number of at least 0"))
        elif word and word not in SPLIT_WORDS:
            left_out.append((place, f"is of split {word!r}; expected train, valid or test"))
        elif not row[path] or not tree.has(file):
            left_out.append((place, f"names {row[path]!r}, which is missing"))
        else:
            yield Item(file, row[label], SPLIT_WORDS.get(word, split), box)


def rows(data: bytes, title: str) -> Iterator[Mapping[str, str]]:
    """The lines of a table with a heading, as mappings from the columns' names in small letters.

    Commas, semicolons or tabs may stand between; a byte order mark, blanks around values and empty lines do not matter.

    Raises:
        DataError: it is no text in UTF-8 or UTF-16, no table, or a line is longer than the heading.
    """
    text = _text(data, title)
    heading = next((line for line in text if line.strip()), "")
    text.seek(0)
    delimiter = max(",;\t", key=heading.count)
    lines = csv.reader(text, delimiter=delimiter, skipinitialspace=True)
    try:
        columns: list[str] = []
        for line in lines:
            values = [value.strip() for value in line]
            if not any(values):
                continue
            if not columns:
                columns = [value.lower() for value in values]
                continue
            if len(values) > len(columns):
                raise DataError(
                    f"{title} has {len(values)} values in line {lines.line_num}; the heading has {len(columns)}"
                )
            yield dict(zip(columns, values + [""] * (len(columns) - len(values)), strict=True))
    except csv.Error as error:
        raise DataError(f"{title} is no table: {error} in line {lines.line_num}") from None


def _text(data: bytes, title: str) -> io.TextIOWrapper:
    """The text, decoded as far as it is read: a long table is held once, as bytes."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    try:
        while text.read(_CHUNK):
            pass
    except UnicodeDecodeError:
        raise DataError(f"{title} is no text in UTF-8. Save it as CSV in UTF-8") from None
    text.seek(0)
    return text


def _column(row: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in row), None)


def _box(row: Mapping[str, str]) -> Box | None:
    """The box of a row, rounded; None where the row has none. ValueError where it is not four numbers."""
    columns = next((each for each in _BOXES if all(name in row for name in each)), ())
    values = [row[name] for name in columns] if columns else row.get("box", "").replace(",", " ").strip("[]() ").split()
    if not any(values):
        return None
    x1, y1, x2, y2 = map(float, values)
    if not all(math.isfinite(number) and abs(number) < 2**31 for number in (x1, y1, x2, y2)):
        raise ValueError(values)
    return round(x1), round(y1), round(x2), round(y2)
