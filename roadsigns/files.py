"""Files and folders that are there whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield a fresh path in the folder of `path`; rename what was made there to `path` at the end.

    The folder above is created. On an exception what was made is removed and what stood at `path` stays. A file
    replaces a file; a folder takes only a name that is free or an empty folder's. The fresh name ends like `path`.

    Raises:
        OSError: the place cannot be written, or a folder of that name has come into being meanwhile; names `path`
            where the system names no file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        yield fresh
        _flush(fresh)
        fresh.replace(path)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename in (None, str(fresh)):
            error.filename = str(path)
        if fresh.is_dir():
            shutil.rmtree(fresh, ignore_errors=True)
        else:
            fresh.unlink(missing_ok=True)
        raise


def _flush(path: Path) -> None:
    """Have the system write `path` out, so that a crash after the rename cannot leave an empty file."""
    for part in [path, *path.rglob("*")] if path.is_dir() else [path]:
        if part.is_file():
            with part.open("rb") as file:
                os.fsync(file.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented UTF-8 JSON with a closing newline, whole or not at all; NaN and infinity as null."""
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)
    with beside(path) as fresh:
        fresh.write_text(text + "\n", encoding="utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
