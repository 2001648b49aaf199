"""Which pictures the words of a command line mean, as work for predictors: a few thousand names at a time."""

from __future__ import annotations

import fnmatch
import glob
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import photos, picture_files
from ..errors import DataError
from . import buckets, tables
from .buckets import Buckets

if TYPE_CHECKING:
    import pyarrow

AT_ONCE = 2048
"""Pictures that a predictor is given together, and reads again where it was killed meanwhile."""

IsDone = Callable[[Sequence[str]], npt.NDArray[np.bool_]]
"""Tells of names which have their rows already."""

_NO_GROUP = -1


@dataclass(frozen=True)
class Work:
    """Pictures that a predictor is given together: files, or rows of one row group of a table.

    Attributes:
        names: the files; of a table its name, once for each row.
        group: the row group; None of files.
        rows: the rows' numbers in the table.
    """

    names: Sequence[str]
    group: int | None = None
    rows: Sequence[int] = ()

    def to_arrow(self) -> pyarrow.Table:
        """As Ray carries it; a name is bytes, since a file system's names may be no UTF-8."""
        import pyarrow

        count = len(self.names)
        group = _NO_GROUP if self.group is None else self.group
        return pyarrow.table(
            {
                "name": pyarrow.array(map(os.fsencode, self.names), pyarrow.binary(), size=count),
                "group": pyarrow.array(itertools.repeat(group, count), pyarrow.int32(), size=count),
                "row": pyarrow.array(self.rows or itertools.repeat(-1, count), pyarrow.int64(), size=count),
            }
        )

    @classmethod
    def from_arrow(cls, table: pyarrow.Table) -> Work:
        """What `to_arrow` made."""
        names = [os.fsdecode(name) for name in table.column("name").to_pylist()]
        group = table.column("group")[0].as_py()
        return cls(names) if group == _NO_GROUP else cls(names, group, table.column("row").to_pylist())


def work(words: Sequence[str], recursive: bool, where: Buckets, is_done: IsDone) -> Iterator[tuple[Work, int]]:
    """All that is to do, and how many pictures before it are done already.

    Args:
        words: a picture file; a folder; a pattern with `*`, `?`, `[...]` or `**`; a Parquet file, or a folder whose
            name ends in `.parquet`; `-` for names on stdin. Each is a path, or an address in a bucket.
        recursive: take the folders within a folder too.
        where: opens the buckets.
        is_done: tells what is done already.

    Yields:
        Work, which holds no picture where all are done, and how many pictures were left out of it.

    Raises:
        DataError: a word means no picture, or lies in a bucket that cannot be read.
        OSError: a file cannot be read.
    """
    files: list[str] = []
    for found in itertools.chain.from_iterable(_found(word, recursive, where) for word in dict.fromkeys(words)):
        table = tables.Table(found, where) if tables.is_table(found) else None
        if table is not None and not table.holds_names:
            yield from _of_rows(table, is_done)
            continue
        for name in [found] if table is None else table.names():
            files.append(name)
            if len(files) == AT_ONCE:
                yield _of_files(files, is_done)
                files = []
    if files:
        yield _of_files(files, is_done)


def _of_files(names: Sequence[str], is_done: IsDone) -> tuple[Work, int]:
    left = [name for name, done in zip(names, is_done(names), strict=True) if not done]
    return Work(left), len(names) - len(left)


def _of_rows(table: tables.Table, is_done: IsDone) -> Iterator[tuple[Work, int]]:
    for group, rows in table.groups():
        done = is_done([tables.row_name(table.name, row) for row in rows])
        left = [row for row, each in zip(rows, done, strict=True) if not each]
        yield Work([table.name] * len(left), group, left), len(rows) - len(left)


def _found(word: str, recursive: bool, where: Buckets) -> Iterator[str]:
    if buckets.is_address(word):
        yield from _in_bucket(word, recursive, where)
    elif tables.is_table(word) and Path(word).is_dir():
        yield from _some(tables.in_folder(Path(word)), f"{word!r} holds no Parquet file")
    else:
        if word != picture_files.STDIN and not glob.has_magic(word):
            Path(word).stat()  # a word that means nothing ends the command, and a name among many is a row
        for file in picture_files.find([Path(word)], recursive):
            if isinstance(file, DataError):
                raise file
            yield str(file)


def _in_bucket(word: str, recursive: bool, where: Buckets) -> Iterator[str]:
    from pyarrow import fs

    system, path = where.open(word)
    at = buckets.address(word)
    with buckets.asking(word):
        kind = system.get_file_info(path).type if at.key else fs.FileType.Directory
    if kind == fs.FileType.File:
        yield f"{at.root}/{at.key}"
    elif kind == fs.FileType.Directory:
        as_table = tables.is_table(word)
        names = _walk(system, path.rstrip("/"), recursive, word)
        wanted = (name for name in names if (tables.is_table(name) if as_table else _is_picture(name)))
        hint = "" if recursive else ". For the folders within: --recursive"
        none = f"{buckets.shown(word)!r} holds no {'Parquet file' if as_table else 'picture'}{hint}"
        yield from _some((f"{at.scheme}://{name}" for name in wanted), none)
    elif glob.has_magic(at.key):
        pattern = at.key.split("/")
        fixed = list(itertools.takewhile(lambda part: not glob.has_magic(part), pattern))
        deeper = len(fixed) + 1 < len(pattern) or "**" in pattern
        names = _walk(system, "/".join([at.bucket, *fixed]), deeper, word)
        matching = (name for name in names if _matches(name.split("/")[1:], pattern))
        yield from _some((f"{at.scheme}://{name}" for name in matching), f"No file matches {buckets.shown(word)!r}")
    else:
        raise DataError(f"{buckets.shown(word)!r} is not there. Is the name right?")


def _walk(system: Any, folder: str, recursive: bool, word: str) -> Iterator[str]:
    """The files in a folder of a bucket, by name; then those of each folder within."""
    from pyarrow import fs

    with buckets.asking(word):
        found = sorted(system.get_file_info(fs.FileSelector(folder, allow_not_found=True)), key=lambda each: each.path)
    yield from (each.path for each in found if each.type == fs.FileType.File)
    if recursive:
        for each in found:
            if each.type == fs.FileType.Directory:
                yield from _walk(system, each.path, recursive, word)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path matches a pattern, part by part; `**` stands for any folders, at the end for any file in them."""
    if not pattern or not parts:
        return not pattern and not parts
    if pattern[0] == "**":
        rest = pattern[1:] or ["*"]
        return any(_matches(parts[start:], rest) for start in range(len(parts)))
    return fnmatch.fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in photos.ENDINGS  # noqa: PTH122  an address is no Path


def _some(names: Iterable[str], none: str) -> Iterator[str]:
    """The names; DataError with the text `none` where there are none."""
    name = None
    for name in names:
        yield name
    if name is None:
        raise DataError(none)
