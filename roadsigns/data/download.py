"""Download of a file: resumed where it broke off, tried several times, and complete or not there at all."""

from __future__ import annotations

import http.client
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..console import Tell, progress
from ..errors import NetworkError
from ..files import named, write_json
from ..version import __version__

if TYPE_CHECKING:
    import requests

CHUNK = 2**14
"""Bytes written at a time; of a connection that breaks, less than that is lost."""
LONGEST_WAIT_S = 30.0


def download(
    url: str,
    path: Path,
    *,
    place: Path | None = None,
    max_bytes: int = 2**30,
    timeout_s: float = 30.0,
    attempts: int = 4,
    show_progress: bool | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Fetch `url` to `path`, by way of `<path>.part`, which a later call goes on with if this one breaks off.

    A part is only gone on with where the server said what it is a part of (ETag or Last-Modified), so that a file
    that has changed since begins anew.

    Args:
        url: an http or https address.
        path: file to make; its folder is created. What was there is replaced, also `<path>.part`.
        place: where a person may put the file, for the message; default `path`.
        max_bytes: most bytes to take.
        timeout_s: seconds to wait for a connection, and for each next piece.
        attempts: how often to ask; between two lie 1, 2, 4, ... seconds.
        show_progress: draw a bar on stderr; by default where stderr is a terminal.
        wait: waits so many seconds.

    Raises:
        NetworkError: the address does not answer, refuses, or sends less or more than it announces.
        OSError: the file cannot be written. What has come stays in the part.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _Part(url, path, place or path)
    with progress(part.place.name, show=show_progress, in_bytes=True) as tell:
        for attempt in range(1, attempts + 1):
            try:
                _fetch(part, max_bytes, timeout_s, tell)
                break
            except _Interrupted as interruption:
                if attempt == attempts:
                    raise _failure(part, f"{interruption} (asked {attempts} times)") from interruption
                wait(min(2.0 ** (attempt - 1), LONGEST_WAIT_S))
    part.finish()


class _Interrupted(Exception):  # noqa: N818  caught by its own caller
    """This attempt failed; the next one may not."""


def _failure(part: _Part, reason: object) -> NetworkError:
    return NetworkError(
        f"Cannot fetch {part.url}: {reason}. Run again to go on where it stopped, or fetch the file elsewhere and put "
        f"it at {part.place}, or name another archive with --data PATH"
    )


@dataclass(frozen=True)
class _Origin:
    """What the server said of the file that a part is a part of."""

    url: str
    validator: str
    total: int | None


class _Part:
    """The file that grows, and beside it what it is a part of."""

    def __init__(self, url: str, path: Path, place: Path) -> None:
        self.url = url
        self.path = path
        self.place = place
        self.file = path.with_name(f"{path.name}.part")
        self.note = path.with_name(f"{path.name}.part.json")

    def origin(self) -> _Origin | None:
        """The origin of a part that can be gone on with."""
        try:
            origin = _Origin(**json.loads(self.note.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        usable = origin.url == self.url and isinstance(origin.validator, str) and origin.validator
        return origin if usable and self.size() else None

    def size(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    def begin(self, origin: _Origin) -> None:
        self.file.write_bytes(b"")
        write_json(self.note, asdict(origin))

    def drop(self) -> None:
        self.note.unlink(missing_ok=True)
        self.file.unlink(missing_ok=True)

    def finish(self) -> None:
        self.file.replace(self.path)
        self.note.unlink(missing_ok=True)


def _fetch(part: _Part, max_bytes: int, timeout_s: float, tell: Tell) -> None:
    """One attempt: ask for what is missing and append it."""
    import requests  # imported here, so that a data set that is already there needs no network library

    origin = part.origin()
    headers = {"Accept-Encoding": "identity", "User-Agent": f"roadsigns/{__version__}"}
    if origin:
        headers |= {"Range": f"bytes={part.size()}-", "If-Range": origin.validator}
    try:
        with requests.get(part.url, headers=headers, stream=True, timeout=timeout_s) as response:
            total = _begin(response, part, origin)
            if response.status_code != 416:  # else all of it had come before
                _copy(response, part, max_bytes, total, tell)
    except (requests.exceptions.SSLError, requests.exceptions.TooManyRedirects) as error:
        raise _failure(part, _plain(error)) from error
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _Interrupted(_plain(error)) from error
    except requests.RequestException as error:
        raise _failure(part, _plain(error)) from error
    if total is not None and part.size() != total:
        reason = f"{part.size():,} bytes came where {total:,} were announced"
        if part.size() > total:
            part.drop()
        raise _Interrupted(reason)


def _begin(response: requests.Response, part: _Part, origin: _Origin | None) -> int | None:
    """Judge the status and make the part ready to be appended to; returns the whole file's size where it is told."""
    status = response.status_code
    start, total = _content_range(response.headers.get("Content-Range", ""))
    if status == 206 and origin:
        if start == part.size() and total is not None and total == (origin.total or total):
            return total
        part.drop()
        raise _Interrupted("another part came than was asked for")
    if status == 416 and origin:
        if total == part.size():
            return total
        part.drop()
        raise _Interrupted("the file there is shorter than what had come")
    if status == 200:
        length = response.headers.get("Content-Length", "")
        total = int(length) if re.fullmatch(r"\d{1,15}", length) else None
        part.begin(_Origin(part.url, _validator(response), total))
        return total
    answer = f"the server answered {status} {http.client.responses.get(status, '')}".rstrip()
    if status == 429 or status >= 500:
        raise _Interrupted(answer)
    raise _failure(part, answer)


def _copy(response: requests.Response, part: _Part, max_bytes: int, total: int | None, tell: Tell) -> None:
    done = part.size()
    with named(part.file), part.file.open("ab") as file:
        for chunk in response.iter_content(CHUNK):
            done += len(chunk)
            if max(done, total or 0) > max_bytes:
                part.drop()
                raise _failure(part, f"it has more than the {max_bytes:,} bytes that are taken")
            file.write(chunk)
            tell(done, total)
        file.flush()
        os.fsync(file.fileno())


def _content_range(header: str) -> tuple[int | None, int | None]:
    """Start and total of `bytes 5-9/10`; of `bytes */10` the total alone."""
    match = re.fullmatch(r"bytes (?:(\d{1,15})-\d{1,15}|\*)/(\d{1,15})", header)
    if not match:
        return None, None
    return (int(match[1]) if match[1] else None), int(match[2])


def _validator(response: requests.Response) -> str:
    """What If-Range may name: a strong ETag, or else the date."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _plain(error: BaseException) -> str:
    """The first cause of an exception of requests, in the system's words where it has any."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:200]
