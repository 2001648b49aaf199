"""A model's folder: one sub-folder for each version, whose name is its number."""

from __future__ import annotations

import os
from pathlib import Path

from ... import exported

_MOST_FILES = 10_000


def scan(base: Path) -> dict[int, Path] | None:
    """`exported.versions`; None where the folder cannot be read."""
    try:
        return exported.versions(base)
    except OSError:
        return None


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
