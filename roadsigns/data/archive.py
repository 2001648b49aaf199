"""The three pickles of a data set where they lie: in a zip, read in place, or in a folder."""

from __future__ import annotations

import contextlib
import errno
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import DataError
from .schema import to_split
from .split import SPLITS, Split, SplitName
from .unpickle import MAX_BYTES, load_arrays

_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError),
    *(OverflowError, struct.error, LookupError),
)

MAX_RATIO = 1100
"""Deflate packs at most 1,032 to one; a member that claims more lies about its size."""


def member(split: SplitName) -> str:
    """Name of the pickle that holds `split`."""
    return f"{split}.p"


MEMBERS = tuple(member(split) for split in SPLITS)


def read_split(path: Path, split: SplitName) -> Split:
    """Read one split of the zip or folder at `path`.

    Raises:
        DataError: the archive or the pickle in it is missing, damaged, hostile or of another form.
        OSError: it cannot be read.
    """
    with open_pickle(path, split) as (file, name, size):
        return to_split(load_arrays(file, name, size=size), name)


@contextlib.contextmanager
def open_pickle(path: Path, split: SplitName) -> Iterator[tuple[BinaryIO, str, int]]:
    """Yield the pickle of `split`, what to call it, and its size in bytes."""
    if path.is_dir():
        pickled = path / member(split)
        if not pickled.is_file():
            raise DataError(f"{path} has no {member(split)}; a data set's folder holds {', '.join(MEMBERS)}")
        with pickled.open("rb") as file:
            yield file, str(pickled), pickled.stat().st_size
        return
    if not path.is_file():  # a pipe would be waited for
        raise DataError(f"{path} is neither a zip nor a folder")
    with open_zip(path, way_out=". Fetch it again") as archive:
        infos = check_members(archive, path)
        info = infos[member(split)]
        with archive.open(info) as stream:
            yield stream, f"{info.filename} in {path}", info.file_size  # type: ignore[misc]


@contextlib.contextmanager
def open_zip(path: Path, *, way_out: str = "") -> Iterator[zipfile.ZipFile]:
    """Yield the zip at `path`; DataError where it is none, or is found to be damaged meanwhile."""
    with damage_told(path, way_out=way_out), zipfile.ZipFile(path) as archive:
        yield archive


@contextlib.contextmanager
def damage_told(path: Path, *, way_out: str = "") -> Iterator[None]:
    """Turn whatever zipfile says of a damaged zip into a DataError that names it, and ends in `way_out`.

    Raises:
        OSError: the system cannot read it; names `path`.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.EINVAL and error.filename is None:  # a member that begins before the file does
            raise DataError(f"{path} is damaged or no zip (a member lies outside of it){way_out}") from error
        error.filename = error.filename or str(path)
        raise
    except _DAMAGE as error:
        raise DataError(f"{path} is damaged or no zip ({error}){way_out}") from error


def check_members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The members of a data set's zip by name, which are `MEMBERS` and nothing else.

    Raises:
        DataError: a member is missing, unknown, there twice, encrypted, no plain file, too large or oddly packed.
    """
    infos: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.orig_filename
        if name not in MEMBERS:
            raise DataError(f"{path} holds {name[:80]!r}; expected {', '.join(MEMBERS)} and nothing else")
        if name in infos:
            raise DataError(f"{path} holds {name!r} twice")
        check_member(info, path, MAX_BYTES)
        infos[name] = info
    missing = [name for name in MEMBERS if name not in infos]
    if missing:
        raise DataError(f"{path} has no {missing[0]}; expected {', '.join(MEMBERS)}")
    return infos


def check_member(info: zipfile.ZipInfo, path: Path, most: int) -> None:
    """Refuse a member that is no plain file of at most `most` bytes, stored or deflated."""
    name = info.filename[:80]
    mode = info.external_attr >> 16
    if info.flag_bits & 0x1:
        raise DataError(f"{path} holds {name!r} encrypted; expected it in the clear")
    if info.is_dir() or (stat.S_IFMT(mode) and not stat.S_ISREG(mode)):
        raise DataError(f"{path} holds {name!r}, which is a link or folder; expected a plain file")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{path} holds {name!r} packed by method {info.compress_type}; expected stored or deflated")
    if info.file_size > most:
        raise DataError(f"{path} holds {name!r} of {info.file_size:,} bytes; at most {most:,} are unpacked")
    if info.file_size > MAX_RATIO * info.compress_size:
        raise DataError(f"{path} holds {name!r}, which claims {info.file_size:,} bytes in {info.compress_size:,}")
