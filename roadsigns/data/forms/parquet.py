"""Parquet files with a column of image bytes and one of labels, as Hugging Face's data sets are kept."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from ...errors import DataError, UsageError
from ..collection import SPLIT_WORDS, Collection, Item
from ..packed_list import PackedList
from ..split import SplitName
from ..tree import Tree

IMAGES = ("image", "img", "picture", "bytes", "image_bytes")
"""Columns that hold a picture file's bytes, the likeliest first."""
_LABELS = ("label", "labels", "class", "class_id", "classid", "category")
MAX_BYTES = 2**40
_BATCH, _LABEL_BATCH = 64, 1024


def find(tree: Tree) -> Sequence[str]:
    """The Parquet files of `tree`."""
    return [name for name in tree.names if name.lower().endswith(".parquet")]


def read(tree: Tree, names: Sequence[str] = ()) -> Collection:
    """All rows of the files `names`, or of those that `find` finds; `test-00000-of-00001.parquet` is of the test split.

    Raises:
        UsageError: pyarrow is not installed.
        DataError: a file is damaged or lacks a column.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UsageError("Parquet files need pyarrow: pip install 'roadsigns[parquet]'") from None
    names = names or find(tree)
    rows = _Rows()
    items: list[PackedList[Item]] = []
    classes: tuple[str, ...] | None = None
    for name in names:
        title = tree.title(name)
        try:
            file = parquet.ParquetFile(tree.kept.enter_context(tree.open(name, MAX_BYTES)))
            columns = file.schema_arrow.names
            image, label = (next((each for each in asked if each in columns), "") for asked in (IMAGES, _LABELS))
            if not image or not label:
                raise DataError(f"{title} has the columns {', '.join(columns)[:200]}; expected image and label")
            classes = _names(file.schema_arrow, label) or classes
            word = name.rpartition("/")[2].lower().replace(".", "-").replace("_", "-").split("-")[0]
            found = Item.packed(_items(file, label, title, SPLIT_WORDS.get(word), classes))
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(f"{title} is damaged or no Parquet file ({str(error)[:200]})") from error
        items.append(found)
        rows.add(file, image, len(found))
    every = Item.packed(itertools.chain.from_iterable(items))
    return Collection("Parquet", every, rows.read, tree.stamps(names), names=classes)


def _items(
    file: Any, label: str, title: str, split: SplitName | None, classes: tuple[str, ...] | None
) -> Iterator[Item]:
    """Each row of a file."""
    row = 0
    for batch in file.iter_batches(_LABEL_BATCH, columns=[label]):
        for value in batch.column(0).to_pylist():
            yield Item(f"row {row} of {title}", _text(value, classes), split)
            row += 1


def _names(schema: Any, label: str) -> tuple[str, ...] | None:
    """The names of the classes that Hugging Face's library writes into a file's schema."""
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        names = tuple(features[label]["names"])
    except (TypeError, KeyError, ValueError, RecursionError):
        return None
    return names if all(isinstance(name, str) for name in names) else None


def _text(label: object, names: tuple[str, ...] | None) -> str:
    if isinstance(label, bool) or not isinstance(label, (int, str)):
        return ""
    if isinstance(label, int) and names is not None:
        return names[label] if 0 <= label < len(names) else ""
    return str(label)


class _Rows:
    """The pictures of several files, read in their order, a few rows at a time."""

    def __init__(self) -> None:
        self._files: list[tuple[Any, str, int]] = []
        self._next = 0
        self._stream: Iterator[bytes] = iter(())

    def add(self, file: Any, column: str, count: int) -> None:
        self._files.append((file, column, count))

    def read(self, index: int) -> bytes:
        """The bytes of the picture `index`; asking for an earlier one begins anew."""
        if index < self._next or not self._next:
            self._stream, self._next = self._all(), 0
        while self._next < index:
            next(self._stream)
            self._next += 1
        self._next += 1
        data = next(self._stream)
        if not data:
            raise DataError("holds no image bytes")
        return data

    def _all(self) -> Iterator[bytes]:
        for file, column, _ in self._files:
            for batch in file.iter_batches(_BATCH, columns=[column]):
                for value in batch.column(0):
                    data = value.as_py()
                    data = data.get("bytes") if isinstance(data, dict) else data
                    yield data if isinstance(data, bytes) else b""
