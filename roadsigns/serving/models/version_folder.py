"""A model's folder: one sub-folder for each version, whose name is its number."""

from __future__ import annotations

import os
from pathlib import Path

from ..protocol.route import MAX_VERSION

_MOST_FILES = 10_000


def scan(base: Path) -> dict[int, Path] | None:
    """The versions that are there, by number; None where the folder cannot be read.

    Leading zeros are allowed; of two folders of one number the first in order of names counts. What is not a number
    that fits 64 bits is no version.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(base) if entry.is_dir())
    except OSError:
        return None
    found: dict[int, Path] = {}
    for name in names:
        digits = name.lstrip("0") or "0"
        if name.isascii() and name.isdigit() and len(digits) <= 19 and int(digits) <= MAX_VERSION:
            found.setdefault(int(digits), base / name)
    return found


def content_mark(path: Path) -> object:
    """Something that changes when the files in a folder do."""
    marks = []
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                stat = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118
            except OSError:
                continue
            marks.append((folder, name, stat.st_size, stat.st_mtime_ns))
            if len(marks) == _MOST_FILES:
                return marks
    return sorted(marks)
