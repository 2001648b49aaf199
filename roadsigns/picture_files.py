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
            for name in _names_on_stdin():
                yield from _one(Path(name), recursive)
        else:
            yield from _one(word, recursive)


def _one(path: Path, recursive: bool) -> Iterator[Path | DataError]:
    if path.is_dir():
        found = list(_in_folder(path, recursive))
        yield from found
        if not found:
            deeper = "" if recursive else ". For the folders within: --recursive"
            yield DataError(f"{str(path)!r} holds no picture{deeper}")
    elif glob.has_magic(str(path)) and not os.path.lexists(path):
        names = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  a pattern may begin at the root
        found = [Path(name) for name in names if not Path(name).is_dir()]
        yield from found
        if not found:
            yield DataError(f"No file matches {str(path)!r}")
    else:
        yield path


def _in_folder(folder: Path, recursive: bool) -> Iterator[Path]:
    for above, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(above, name) for name in sorted(names) if Path(name).suffix.lower() in photos.ENDINGS)
        if not recursive:
            return


def _names_on_stdin() -> Iterator[str]:
    data = sys.stdin.buffer.read()
    for name in data.split(b"\0" if b"\0" in data else b"\n"):
        if name.strip():
            yield os.fsdecode(name.removesuffix(b"\r"))
