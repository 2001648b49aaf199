"""Zips from strangers: an error names the zip and its damage, or its unusual member, in one line."""

from __future__ import annotations

import contextlib
import errno
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ..errors import DataError

_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError),
    *(OverflowError, struct.error, LookupError),
)

MAX_RATIO = 1100
"""Deflate packs at most 1,032 to one; a member that claims more lies about its size."""


@contextlib.contextmanager
def open_zip(path: Path, *, way_out: str = "") -> Iterator[zipfile.ZipFile]:
    """Yield the zip at `path`; DataError where the file is no zip, or where damage shows while it is read."""
    with damage_told(path, way_out=way_out), zipfile.ZipFile(path) as archive:
        yield archive


@contextlib.contextmanager
def damage_told(path: Path, *, way_out: str = "") -> Iterator[None]:
    """Turn the errors that zipfile raises for a damaged zip into a DataError that names the zip and ends in `way_out`.

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


def check_member(info: zipfile.ZipInfo, path: Path, most: int) -> None:
    """Raise DataError unless the member is a plain file of at most `most` bytes, stored or deflated."""
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
