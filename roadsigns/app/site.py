"""The app's files: found by name below one folder, compressed where that saves bytes, with an ETag of their content.

A file is read again after a change, so an edit of `js/init.js` shows at the next reload of the page.
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
"""The endings of the files that are served, and their content types; other files are not found."""


def security(frame_ancestors: str = "'none'") -> str:
    """The security headers of the app's own answers: a page may load nothing from other hosts and run no inline code.

    Args:
        frame_ancestors: the sites whose frames may show the page, as the directive of that name has them.
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
"""The headers of an answer that no frame may show."""

_PACKED = (".html", ".css", ".js", ".json", ".svg")
# One folder or file: nothing hidden, no "..", no separator of any system, no device or stream of Windows.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was read; another `stamp` means that the file has changed since."""

    stamp: tuple[int, int]
    content_type: str
    headers: str
    etag: str
    body: bytes
    packed: bytes | None


class Site:
    """The files below one folder."""

    def __init__(self, folder: Path, frame_ancestors: str = "'none'") -> None:
        """Take the folder; `frame_ancestors` as in `security`."""
        self._folder = folder.resolve()
        self._security = security(frame_ancestors)
        self._files: dict[Path, _File] = {}

    def answer(self, request: Request) -> Answer:
        """The answer to a GET or HEAD.

        Raises:
            HttpError: 404 where there is no such file, 405 for another method.
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
        """The file that a path means. Only plain names are allowed, so that no path leads out of the folder."""
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
    # A file keeps its name when its content changes, so a browser must ask each time. Where the ETag is the same, the
    # answer has no body.
    headers = "Cache-Control: no-cache\r\n" + ("Vary: Accept-Encoding\r\n" if packed is not None else "")
    etag = hashlib.sha256(body).hexdigest()[:16]
    return _File(stamp, TYPES[path.suffix], headers + security, etag, body, packed)


def _accepts_gzip(accepted: str) -> bool:
    codings = (each.replace(" ", "").lower().partition(";q=") for each in accepted.split(","))
    return any(name == "gzip" and not re.fullmatch(r"0(\.0*)?", share) for name, _, share in codings)


def _missing() -> HttpError:
    return HttpError(404, "There is nothing of this name")
