"""The folder of results: Parquet files that are there whole or not at all, and what they say is done already.

A picture is done when a part has its row, so a run that goes on needs nothing but the folder.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import answers, files
from ..errors import DataError, UsageError
from . import buckets
from .buckets import Buckets

ROWS = 20_000
"""Rows of a part: the most that are answered again where a run is killed."""

_NAME = re.compile(r"part-([0-9]{6,})-[0-9a-f]{8}\.parquet")
_KEY = b"roadsigns"


class Parts:
    """The results of one run and of those before it, in one folder.

    Attributes:
        folder: its path or address.
        before: how many rows were there when it was opened.
        written: how many parts this run has written.
    """

    def __init__(self, folder: str, made_by: dict[str, str], top: int, where: Buckets) -> None:
        """Look through the parts that are there.

        Args:
            folder: new, empty, or of an earlier run; a path, or an address in a bucket.
            made_by: the `model` that makes the rows of this run, and its `sha256` sum; parts of another are refused.
            top: how many classes a row names.
            where: opens the buckets.

        Raises:
            UsageError: what is there is no folder of parts, or of another model or other columns.
            DataError: a part is damaged, or the bucket cannot be read.
            OSError: the folder cannot be read.
        """
        self.folder = folder
        self._where = where
        self._top = top
        self._made_by = json.dumps(made_by, sort_keys=True).encode()
        self._waiting: list[Any] = []
        self.written = 0
        names = self._names()
        self._next = max((int(_NAME.fullmatch(name)[1]) for name in names), default=-1) + 1  # type: ignore[index]
        # Python's hash of a text has 64 bits and a key of its own in each process: of 10 million names and as many that
        # are done, two are taken for one in one run of 100,000.
        done = [self._done(name) for name in names]
        self._done_hashes = np.sort(np.concatenate(done)) if done else np.zeros(0, np.int64)
        self.before = len(self._done_hashes)

    def is_done(self, names: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Which pictures have their rows in the parts that were there when this was opened."""
        if not self.before:
            return np.zeros(len(names), np.bool_)
        hashes = _hashes(map(answers.parquet_text, names), len(names))
        place = np.searchsorted(self._done_hashes, hashes).clip(max=self.before - 1)
        return np.asarray(self._done_hashes[place] == hashes)

    def add(self, table: Any) -> bool:
        """Take rows; write a part where there are enough of them, and tell whether one was written.

        Raises:
            DataError, OSError: it cannot be written; the parts before stay.
        """
        self._waiting.append(table)
        if sum(map(len, self._waiting)) < ROWS:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Write the rows that wait as a part; errors as for `add`."""
        import pyarrow
        from pyarrow import parquet

        if not any(map(len, self._waiting)):
            return
        rows = pyarrow.concat_tables(self._waiting)
        sink = pyarrow.BufferOutputStream()
        parquet.write_table(rows.replace_schema_metadata({_KEY: self._made_by}), sink, compression="zstd")
        self._write(f"part-{self._next:06d}-{secrets.token_hex(4)}.parquet", sink.getvalue())
        self._waiting.clear()
        self._next += 1
        self.written += 1

    def _write(self, name: str, data: Any) -> None:
        if buckets.is_address(self.folder):
            # An object is there once all of it has arrived.
            system, path = self._where.open(self.folder)
            with buckets.asking(self.folder), system.open_output_stream(f"{path}/{name}") as file:
                file.write(data)
        else:
            with files.beside(Path(self.folder, name)) as fresh:
                fresh.write_bytes(data)

    def _names(self) -> list[str]:
        """The parts in the folder; hidden files are nobody's results."""
        if buckets.is_address(self.folder):
            from pyarrow import fs

            system, path = self._where.open(self.folder)
            with buckets.asking(self.folder):
                found = system.get_file_info(fs.FileSelector(path, allow_not_found=True))
            names = sorted(each.base_name for each in found)
        else:
            folder = Path(self.folder)
            if folder.exists() and not folder.is_dir():
                raise UsageError(
                    f"--out {self.folder!r} is a file: expected a folder, which receives Parquet files. Name another"
                )
            names = sorted(each.name for each in folder.iterdir()) if folder.exists() else []
        names = [name for name in names if name[0] not in "._"]
        other = next((name for name in names if not _NAME.fullmatch(name)), None)
        if other is not None:
            raise UsageError(
                f"--out {buckets.shown(self.folder)!r} holds {other!r}, which roadsigns classify did not write. "
                "Name a new folder"
            )
        return names

    def _done(self, name: str) -> npt.NDArray[np.int64]:
        """Hashes of the names in a part."""
        import pyarrow
        from pyarrow import parquet

        title = f"{buckets.shown(self.folder)}/{name}"
        try:
            file = parquet.ParquetFile(self._opened(name))
            self._check(title, file.schema_arrow)
            texts = (text for batch in file.iter_batches(columns=["file"]) for text in batch.column(0).to_pylist())
            return _hashes(texts, file.metadata.num_rows)
        except (pyarrow.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())[:200]
            raise DataError(f"{title!r} is damaged: {reason}. Delete it: its pictures are then done again") from error

    def _opened(self, name: str) -> Any:
        if not buckets.is_address(self.folder):
            return Path(self.folder, name)
        system, path = self._where.open(self.folder)
        return system.open_input_file(f"{path}/{name}")

    def _check(self, title: str, schema: Any) -> None:
        expected = answers.parquet_schema(self._top)
        if not schema.equals(expected):
            raise UsageError(
                f"{title!r} has other columns ({', '.join(schema.names)[:200]}): expected "
                f"{', '.join(expected.names)[:200]}. Give the --top of before, or name another --out"
            )
        before, now = (json.loads(each) for each in ((schema.metadata or {}).get(_KEY, b"{}"), self._made_by))
        if before.get("sha256") != now["sha256"]:
            raise UsageError(
                f"{title!r} was made by another model ({before.get('model', 'unknown')}): expected {now['model']}, as "
                "it is now. Give the --model of before, or name another --out"
            )


@contextlib.contextmanager
def opened(folder: str, made_by: dict[str, str], top: int, where: Buckets) -> Iterator[Parts]:
    """`Parts` that nobody else writes meanwhile; what is answered is written also where something else fails.

    Raises:
        UsageError: another process writes into the folder; or as for `Parts`.
    """
    with contextlib.ExitStack() as stack:
        if not buckets.is_address(folder) and not Path(folder).is_file():
            if not Path(folder).exists():
                Path(folder).mkdir(parents=True)
                stack.callback(_remove_empty, Path(folder))
            try:
                stack.enter_context(files.locked(Path(folder)))
            except BlockingIOError:
                raise UsageError(f"Another roadsigns classify writes into {folder!r}. Wait for its end") from None
        parts = Parts(folder, made_by, top, where)
        try:
            yield parts
        except OSError:
            raise
        except BaseException:
            with contextlib.suppress(OSError, DataError):
                parts.flush()
            raise
        parts.flush()


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):  # it is not empty
        folder.rmdir()


def _hashes(texts: Iterable[str], count: int) -> npt.NDArray[np.int64]:
    return np.fromiter(map(hash, texts), np.int64, count)
