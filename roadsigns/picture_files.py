"""Which files a command line means: names, folders, patterns, and names that come on stdin."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import photos
from .errors import DataError

STDIN = "-"
"""The word for "the names come on stdin"."""

_CHUNK = 2**16


def find(words: Iterable[Path], recursive: bool = False) -> Iterator[Path | DataError]:
    """The picture files that words mean, in the order of the words; within a folder or a pattern in order of names.

    Args:
        words: a file, which is taken whatever its ending; a folder, for its files with an ending of `photos.ENDINGS`; a
            pattern with `*`, `?`, `[...]` or `**`, where no file bears the name; `-` for a name a line on stdin, or
            names with NUL between them.
        recursive: take the folders within a folder too. A link to a folder is not followed.

    Yields:
        A file, or what is wrong with a word that means none.
    """
    for word in words:
        if str(word) == STDIN:
            for name in names_on_stdin():
                yield from _one(Path(name), recursive)
        else:
            yield from _one(word, recursive)


def _one(path: Path, recursive: bool) -> Iterator[Path | DataError]:
    found = None
    if path.is_dir():
        for found in _in_folder(path, recursive):
            yield found
        if found is None:
            deeper = "" if recursive else ". For the folders within: --recursive"
            yield DataError(f"{str(path)!r} holds no picture{deeper}")
    elif glob.has_magic(str(path)) and not os.path.lexists(path):
        names = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  a pattern may begin at the root
        for found in (Path(name) for name in names if not Path(name).is_dir()):
            yield found
        if found is None:
            yield DataError(f"No file matches {str(path)!r}")
    else:
        yield path


def _in_folder(folder: Path, recursive: bool) -> Iterator[Path]:
    for above, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(above, name) for name in sorted(names) if Path(name).suffix.lower() in photos.ENDINGS)
        if not recursive:
            return


def names_on_stdin() -> Iterator[str]:
    """The names that come on stdin, as they come: one a line, or with NUL between them."""
    left, end = b"", b""
    while data := sys.stdin.buffer.read(_CHUNK):
        end = end or (b"\0" if b"\0" in data else b"\n")
        *whole, left = (left + data).split(end)
        yield from _decoded(whole)
    yield from _decoded([left])


def _decoded(names: Iterable[bytes]) -> Iterator[str]:
    return (os.fsdecode(name.removesuffix(b"\r")) for name in names if name.strip())
