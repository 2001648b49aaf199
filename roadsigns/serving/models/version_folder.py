"""What the files of a version look like from outside: enough to see that they have changed."""

from __future__ import annotations

import os
from pathlib import Path

_MOST_FILES = 10_000


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
