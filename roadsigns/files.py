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

_PIECE = 2**16
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.unfinished")


def read(path: Path, most: int) -> bytes:
    """All bytes of a file, pipe or device. A named pipe without a writer counts as empty, and nobody waits for one.

    Raises:
        OSError: the file cannot be read, or holds more than `most` bytes, as `/dev/zero` does.
    """

    def at_once(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NONBLOCK)

    with open(path, "rb", opener=at_once) as file:
        os.set_blocking(file.fileno(), True)
        pieces, left, step = [], most + 1, os.fstat(file.fileno()).st_size + 1
        while piece := file.read(min(left, step)):  # which takes the memory that is asked for before it reads
            pieces.append(piece)
            left, step = left - len(piece), max(step, _PIECE)
    data = b"".join(pieces)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"File of more than {most:,} bytes", str(path))
    return data


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Within, an error of the system names `path` where it names no file, as it often does while writing."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextlib.contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield a path in a fresh folder beside `path`; the file or folder made there becomes `path` at the end.

    The folder above is created. On an exception the new file or folder is removed, and the old one stays. A new file
    replaces an old file. A new folder replaces nothing but an empty folder. Unfinished files of processes that were
    killed are removed from the folder above.

    Raises:
        OSError: the folder above cannot be written, another process has made a folder of that name meanwhile, or `path`
            is a device, a pipe or a socket, which the rename would take away from everybody. The error names `path`
            where the system names no file, or one of the fresh folder.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "Is a device, pipe or socket. Expected a file", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    try:
        with _workshop(path.parent) as folder:
            fresh = folder / path.name
            yield fresh
            _flush(fresh)
            fresh.replace(path)
    except OSError as error:
        if error.filename is None or _UNFINISHED.search(str(error.filename)):  # a name that nobody has given
            error.filename = str(path)
        raise


@contextlib.contextmanager
def locked(folder: Path, *, waiting: Callable[[], object] | None = None) -> Iterator[bool]:
    """Lock `folder` for this process. Other callers of this function wait; everybody else can still use the folder.

    The system takes the lock away when this process ends, however it ends.

    Args:
        folder: an existing folder.
        waiting: called where another process has the lock, before this one waits for it.

    Yields:
        Whether the folder is locked; False where the file system knows no locks.

    Raises:
        BlockingIOError: another process has the lock, and `waiting` is not given.
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
    """Remove the unfinished folders that killed processes left in `folder`: named as by `beside`, and not locked."""
    for left in folder.iterdir():
        if not _UNFINISHED.fullmatch(left.name) or left.is_symlink():
            continue
        with contextlib.suppress(OSError), locked(left) as held:
            if held:
                shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _workshop(above: Path) -> Iterator[Path]:
    """A fresh folder in `above`, locked while it is in use, removed at the end."""
    with contextlib.ExitStack() as stack:
        while True:
            folder = above / f".{secrets.token_hex(8)}.unfinished"
            folder.mkdir()
            with contextlib.suppress(
                BlockingIOError, FileNotFoundError
            ):  # another process removed the folder before it was locked
                stack.enter_context(locked(folder))
                if folder.exists():
                    break
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


def _flush(path: Path) -> None:
    """Have the system write the file, or all files of the folder, to the disk before it is renamed."""
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


def cache_folder() -> Path:
    """Where this package keeps what it can make again: below `XDG_CACHE_HOME`, else `~/.cache`.

    Raises:
        RuntimeError: there is no home folder.

    Source: XDG Base Directory Specification.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "roadsigns"
