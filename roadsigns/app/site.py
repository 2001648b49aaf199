"""The app's files as they go over the wire: found by name below one folder, compressed where it pays, named by content.

A file is read again once it has changed, so an edit of `js/init.js` shows at the next reload.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ..errors import HttpError
from ..serving.http.answer import Answer
from ..serving.http.request import Request

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
}
"""What is served: a file with another ending is not there."""


def security(frame_ancestors: str = "'none'") -> str:
    """The fields of every answer that is the app's own: nothing from elsewhere, nothing inline.

    Args:
        frame_ancestors: whose frames may show it, in the words of the Content Security Policy's directive.
    """
    return (
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {frame_ancestors}\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Permissions-Policy: camera=(self), geolocation=(), microphone=()\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\n"
    )


SECURITY = security()
"""Those of an answer that no frame may show."""

_PACKED = (".html", ".css", ".js", ".json", ".svg")
# One folder or file: nothing hidden, no "..", no separator of any system, no device or stream of Windows.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class _File:
    """A file of one state: `stamp` tells whether it has changed since."""

    stamp: tuple[int, int]
    content_type: str
    headers: str
    etag: str
    body: bytes
    packed: bytes | None


class Site:
    """The files below one folder."""

    def __init__(self, folder: Path, frame_ancestors: str = "'none'") -> None:
        """Take the folder, and whose frames may show its pages, as `security` has it."""
        self._folder = folder.resolve()
        self._security = security(frame_ancestors)
        self._files: dict[Path, _File] = {}

    def answer(self, request: Request) -> Answer:
        """The answer to a GET or HEAD.

        Raises:
            HttpError: 404 for what is not there, 405 for other methods.
        """
        file = self._read(self._find(request.target.partition("?")[0]))
        if request.verb not in ("GET", "HEAD"):
            raise HttpError(405, "Expected GET or HEAD")
        headers, etag, body = file.headers, f'"{file.etag}"', file.body
        if file.packed is not None and _accepts_gzip(request.header(b"accept-encoding")):
            headers, etag, body = f"{headers}Content-Encoding: gzip\r\n", f'"{file.etag}-gzip"', file.packed
        headers += f"ETag: {etag}\r\n"
        known = [each.strip().removeprefix("W/") for each in request.header(b"if-none-match").split(",")]
        if etag in known:
            return Answer(304, b"", file.content_type, headers)
        return Answer(200, body, file.content_type, headers)

    def _find(self, path: str) -> Path:
        """The file that a path means; only plain names are looked for, so none leads out of the folder."""
        try:
            names = unquote(path, errors="strict").removeprefix("/").split("/")
        except UnicodeDecodeError as error:
            raise _missing() from error
        if names[-1] == "":
            names[-1] = "index.html"
        if not path.startswith("/") or not all(_PLAIN.fullmatch(name) for name in names):
            raise _missing()
        file = self._folder.joinpath(*names)
        if file.suffix not in TYPES or not file.resolve().is_relative_to(self._folder):
            raise _missing()
        return file

    def _read(self, path: Path) -> _File:
        try:
            state = path.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            file = self._files.get(path)
            if file is None or file.stamp != stamp:
                file = self._files[path] = _load(path, stamp, self._security)
            return file
        except (OSError, ValueError) as error:
            self._files.pop(path, None)
            raise _missing() from error


def _load(path: Path, stamp: tuple[int, int], security: str) -> _File:
    body = path.read_bytes()
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in _PACKED else None
    # Names do not change with their content, so a browser asks each time; the ETag makes the answer an empty one.
    headers = "Cache-Control: no-cache\r\n" + ("Vary: Accept-Encoding\r\n" if packed is not None else "")
    etag = hashlib.sha256(body).hexdigest()[:16]
    return _File(stamp, TYPES[path.suffix], headers + security, etag, body, packed)


def _accepts_gzip(accepted: str) -> bool:
    codings = (each.replace(" ", "").lower().partition(";q=") for each in accepted.split(","))
    return any(name == "gzip" and not re.fullmatch(r"0(\.0*)?", share) for name, _, share in codings)


def _missing() -> HttpError:
    return HttpError(404, "There is nothing of this name")
