"""Files and folders that are there whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import math
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.unfinished")


def read(path: Path, most: int) -> bytes:
    """All bytes of a file, pipe or device; a named pipe that nobody writes into is empty, and not waited for.

    Raises:
        OSError: it cannot be read, or holds more than `most` bytes, as `/dev/zero` does.
    """

    def at_once(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NONBLOCK)

    with open(path, "rb", opener=at_once) as file:
        os.set_blocking(file.fileno(), True)
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"File of more than {most:,} bytes", str(path))
    return data


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Have an error of the system, which often names no file where it writes, name `path`."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextlib.contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield a path of the same name in a fresh folder beside `path`; rename what was made there to `path` at the end.

    The folder above is created. On an exception what was made is removed and what stood at `path` stays. A file
    replaces a file; a folder takes only a name that is free or an empty folder's. What a process that was killed left
    half-made in the folder above is removed too.

    Raises:
        OSError: the place cannot be written, or a folder of that name has come into being meanwhile; names `path`
            where the system names no file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    with _workshop(path.parent) as folder:
        fresh = folder / path.name
        try:
            yield fresh
            _flush(fresh)
            fresh.replace(path)
        except OSError as error:
            if error.filename in (None, str(fresh)):
                error.filename = str(path)
            raise


@contextlib.contextmanager
def locked(folder: Path, *, waiting: Callable[[], object] | None = None) -> Iterator[bool]:
    """Hold `folder` against everybody else who asks; the system lets go of it however this process ends.

    Args:
        folder: must be there. What is in it stays open to all who do not ask.
        waiting: is called where somebody else holds it, before they are waited for.

    Yields:
        Whether it is held; False where the file system knows no locks.

    Raises:
        BlockingIOError: somebody else holds it, and `waiting` is not given.
        OSError: `folder` cannot be read.
    """
    number = os.open(folder, os.O_RDONLY)
    try:
        yield _lock(number, waiting)
    finally:
        os.close(number)


def _lock(number: int, waiting: Callable[[], object] | None) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if waiting is None:
            raise
        waiting()
        fcntl.flock(number, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


def sweep(folder: Path) -> None:
    """Remove the workshops in `folder` whose processes were killed: the ones of our naming that nobody holds."""
    for left in folder.iterdir():
        if not _UNFINISHED.fullmatch(left.name) or left.is_symlink():
            continue
        with contextlib.suppress(OSError), locked(left) as held:
            if held:
                shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _workshop(above: Path) -> Iterator[Path]:
    """A fresh folder in `above`, held while it is worked in and removed at the end."""
    with contextlib.ExitStack() as stack:
        while True:
            folder = above / f".{secrets.token_hex(8)}.unfinished"
            folder.mkdir()
            with contextlib.suppress(BlockingIOError, FileNotFoundError):  # swept before it was held
                stack.enter_context(locked(folder))
                if folder.exists():
                    break
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


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
        # What is no Unicode, as in a path of other bytes, becomes \udcff, which JSON reads back as it was.
        fresh.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
