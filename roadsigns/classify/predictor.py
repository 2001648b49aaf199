"""What a worker of the pool does: reads pictures where they lie, and answers them by ONNX Runtime."""

from __future__ import annotations

import functools
import hashlib
import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import answers, classifier, exported, files, models, photos, picture_batches, pictures
from ..errors import DataError, ModelError
from ..picture_batches import ReadPicture
from . import buckets, tables
from .buckets import Buckets
from .source import Work

if TYPE_CHECKING:
    import pyarrow

    from ..resize import Pixels

_THREADS, _THREADS_OF_A_BUCKET = 2, 32
# If all of so many pictures cannot be reached, the fault lies with the place, not with the names.
_MANY = 16
_PIECE = 2**20


@dataclass(frozen=True)
class Carried:
    """A model's files, which go along to where the work is done.

    Attributes:
        model: where it comes from.
        files: their bytes, by their places beside or within it.
    """

    model: models.Model
    files: dict[str, bytes]

    @property
    def digest(self) -> str:
        """The SHA-256 sum of all files and their places."""
        whole = hashlib.sha256()
        for name, data in sorted(self.files.items()):
            whole.update(f"{name} {len(data)}\n".encode() + data)
        return whole.hexdigest()

    def load(self) -> classifier.Classifier:
        """The model, to run on one core or, where there is one, a GPU."""
        with tempfile.TemporaryDirectory(prefix="roadsigns-") as folder:
            for name, data in self.files.items():
                Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, name).write_bytes(data)
            path = Path(folder, self.model.path.name) if self.model.is_shipped else Path(folder)
            return classifier.load(replace(self.model, path=path), threads=1)


def carried(model: models.Model) -> Carried:
    """The files of a model that has an ONNX file.

    Raises:
        ModelError: it has none.
        OSError: a file cannot be read.
    """
    onnx = model.onnx
    if onnx is None:
        raise ModelError(
            f"{model.name!r} has no ONNX file, which classify runs. Export it: roadsigns export --model {model.name}"
        )
    if model.is_shipped:
        return Carried(model, {onnx.name: onnx.read_bytes()})
    parts = (part for part in (exported.ONNX, exported.CLASS_NAMES, exported.NO_SIGN) if (model.path / part).is_file())
    return Carried(model, {str(part): (model.path / part).read_bytes() for part in parts})


class Predictor:
    """A model that answers work, in a process of its own."""

    def __init__(self, model: Carried, top: int, folder: str, where: Buckets) -> None:
        """Load the model.

        Args:
            model: its files.
            top: how many classes are named for a picture.
            folder: what relative names are relative to.
            where: opens the buckets.
        """
        self._classifier = model.load()
        self._top = top
        self._folder = folder
        self._where = where

    def __call__(self, work: pyarrow.Table) -> pyarrow.Table:
        """Rows of `answers.parquet_schema` for work as `Work.to_arrow` has it.

        Raises:
            DataError: no picture at all can be reached, so that the fault is not the pictures'.
        """
        given = Work.from_arrow(work)
        out_of_reach: list[ReadPicture] = []

        def noting(read: Callable[[], ReadPicture]) -> ReadPicture:
            result = read()
            if result.is_out_of_reach:
                out_of_reach.append(result)
            return result

        reads = (functools.partial(noting, read) for read in self._reads(given))
        threads = _THREADS_OF_A_BUCKET if buckets.is_address(given.names[0]) else _THREADS
        table = answers.parquet_table(picture_batches.answers(reads, self._classifier, self._top, threads), self._top)
        if len(out_of_reach) == len(table) >= _MANY:
            raise DataError(f"None of {len(table):,} pictures in a row can be read: {out_of_reach[0].error}")
        return table

    def _reads(self, work: Work) -> Iterator[Callable[[], ReadPicture]]:
        if work.group is not None:
            return self._reads_of_rows(work.names[0], work.group, work.rows)
        return (
            functools.partial(picture_batches.read, name, functools.partial(self._pixels, name)) for name in work.names
        )

    def _pixels(self, name: str) -> Pixels:
        if not buckets.is_address(name):
            return photos.decode(files.read(Path(self._folder, name), pictures.MAX_BYTES), repr(name))
        system, path = self._where.open(name)
        with system.open_input_stream(path) as file:
            pieces = (file.read(_PIECE) for _ in range(pictures.MAX_BYTES // _PIECE + 1))
            data = b"".join(itertools.takewhile(bool, pieces))
        if len(data) > pictures.MAX_BYTES:
            raise DataError(f"{name!r} has more than {pictures.MAX_BYTES:,} bytes. Make it smaller")
        return photos.decode(data, repr(name))

    def _reads_of_rows(self, table: str, group: int, rows: Sequence[int]) -> Iterator[Callable[[], ReadPicture]]:
        names = iter([tables.row_name(table, row) for row in rows])
        place = table if buckets.is_address(table) else str(Path(self._folder, table))
        try:
            for data in tables.Table(place, self._where).pictures(group, rows):
                name = next(names)
                yield functools.partial(picture_batches.read, name, functools.partial(photos.decode, data, repr(name)))
        except DataError as error:
            yield from [functools.partial(ReadPicture, name, error=str(error)) for name in names]
