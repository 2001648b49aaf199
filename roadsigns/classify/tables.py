"""Parquet files of pictures: rows that hold a picture file's bytes, or the name of a picture file.

Source: the columns `image` of bytes, or of a struct with `bytes`, are how Hugging Face's data sets are kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..data.forms.parquet import IMAGES
from ..data.forms.table import PATHS
from ..errors import DataError
from . import buckets
from .buckets import Buckets

ENDING = ".parquet"
_BATCH = 128


def is_table(name: str) -> bool:
    """Whether a name is a Parquet file's."""
    return name.lower().endswith(ENDING)


class Table:
    """An opened Parquet file.

    Attributes:
        name: its path or address.
        column: where its pictures are.
        holds_names: whether that column holds names of picture files, rather than their bytes.
    """

    def __init__(self, name: str, where: Buckets) -> None:
        """Open the file.

        Raises:
            DataError: it is damaged, has no such column, or lies in a bucket that cannot be read.
            OSError: it cannot be read.
        """
        import pyarrow
        from pyarrow import parquet

        self.name = buckets.shown(name)
        try:
            if buckets.is_address(name):
                system, path = where.open(name)
                with buckets.asking(name):
                    self._file: Any = parquet.ParquetFile(system.open_input_file(path))
            else:
                self._file = parquet.ParquetFile(name)
        except pyarrow.ArrowException as error:
            raise DataError(f"{self.name!r} is damaged, or no Parquet file: {_short(error)}") from error
        self.column, self.holds_names = self._pictures()

    def _pictures(self) -> tuple[str, bool]:
        from pyarrow import types

        schema = self._file.schema_arrow
        for name in (*IMAGES, *PATHS):
            if name in schema.names:
                kind = schema.field(name).type
                if types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
                    kind = kind.field("bytes").type
                if types.is_binary(kind) or types.is_large_binary(kind):
                    return name, False
                if types.is_string(kind) or types.is_large_string(kind):
                    return name, True
        raise DataError(
            f"{self.name!r} has the columns {', '.join(schema.names)[:200]}: expected one of picture files' bytes, "
            f"called {', '.join(IMAGES)}, or of their names, called {', '.join(PATHS[:3])}"
        )

    def names(self) -> Iterator[str]:
        """The picture files that it names: a name is relative to the table, unless it is absolute or an address."""
        above = self.name.rpartition("/")[0]
        with self._reading():
            for batch in self._file.iter_batches(10_000, columns=[self.column]):
                for name in batch.column(0).to_pylist():
                    if not name:
                        raise DataError(f"{self.name!r} has a row without a name in the column {self.column}")
                    yield (
                        name if buckets.is_address(name) or not above else f"{above}/{name}" if name[0] != "/" else name
                    )

    def groups(self) -> Iterator[tuple[int, range]]:
        """Its row groups, each with its rows' numbers in the file, from 0."""
        start = 0
        for group in range(self._file.metadata.num_row_groups):
            rows = range(start, start + self._file.metadata.row_group(group).num_rows)
            yield group, rows
            start = rows.stop

    def pictures(self, group: int, rows: Sequence[int]) -> Iterator[bytes]:
        """The bytes of `rows`, ascending, of a row group; empty where a row holds none.

        Raises:
            DataError: the file is damaged.
        """
        start = next(each.start for number, each in self.groups() if number == group)
        asked = iter(rows)
        row = next(asked, None)
        with self._reading():
            for batch in self._file.iter_batches(_BATCH, row_groups=[group], columns=[self.column]):
                while row is not None and row < start + len(batch):
                    value = batch.column(0)[row - start].as_py()
                    yield (value.get("bytes") if isinstance(value, dict) else value) or b""
                    row = next(asked, None)
                start += len(batch)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        import pyarrow

        try:
            yield
        except (OSError, pyarrow.ArrowException) as error:
            raise DataError(f"{self.name!r} is damaged: {_short(error)}") from error


def row_name(table: str, row: int) -> str:
    """What a row's answer is called, `signs.parquet#17`; rows are counted from 0."""
    return f"{table}#{row}"


def in_folder(folder: Path) -> list[str]:
    """The Parquet files of a folder whose own name ends so, as Spark, Ray and this package write them; by name."""
    return sorted(str(each) for each in folder.iterdir() if is_table(each.name) and each.name[0] not in "._")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(". ")
