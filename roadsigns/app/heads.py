"""The heads of HTTP/1.1 messages: read strictly, passed on without what concerns one connection only.

What two readers could understand differently is refused, since a request that ends elsewhere for the next server than
for this one carries a second request inside.

Source: RFC 9110 (fields, section 7.6.1 on those of one connection), RFC 9112 (syntax; section 6.3 on where a body ends,
11.2 on smuggling).
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

END = b"\r\n\r\n"
"""What closes a head."""

MAX_FIELDS = 100

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_NAME = re.compile(_TOKEN)
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_REQUEST = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/1\.(?P<minor>[01])")
_STATUS = re.compile(rb"HTTP/1\.(?P<minor>[01]) ([1-9][0-9]{2})( [^\x00-\x08\x0a-\x1f\x7f]*)?")
_LENGTH = re.compile(rb"[0-9]{1,15}")

# Content-Length, Expect and Host are end-to-end, but each side of a proxy writes its own.
_HOP_BY_HOP = frozenset(
    b"connection content-length expect host keep-alive proxy-authenticate proxy-authorization proxy-connection te "
    b"trailer transfer-encoding upgrade".split()
)


class MalformedError(Exception):
    """A message that is not HTTP/1.1, or whose end is in doubt; says what is wrong."""


@dataclass(frozen=True, slots=True)
class Framing:
    """Where a body ends.

    Attributes:
        length: bytes of the body; None where only its end tells.
        chunked: the body comes in chunks; otherwise one without a length ends with the connection.
    """

    length: int | None
    chunked: bool = False


NO_BODY = Framing(0)
CHUNKED = Framing(None, chunked=True)
UNTIL_CLOSE = Framing(None)


@dataclass(slots=True)
class Head:
    """A start line and fields.

    Attributes:
        start: the match of the start line.
        lines: each field as its name in lower case and the whole line as it came, without the line's end.
        values: value by name in lower case; of repeated fields, all joined by commas.
        framing: where the body ends.
    """

    start: re.Match[bytes]
    lines: list[tuple[bytes, bytes]]
    values: dict[bytes, bytes]
    framing: Framing = NO_BODY

    @property
    def method(self) -> bytes:
        """Method of a request."""
        return self.start[1]

    @property
    def target(self) -> str:
        """What a request is for, as it came."""
        return self.start[2].decode("ascii")

    @property
    def status(self) -> int:
        """Status code of an answer."""
        return int(self.start[2])

    @property
    def modern(self) -> bool:
        """Whether it is of HTTP/1.1 and not of 1.0."""
        return self.start["minor"] == b"1"

    @property
    def persistent(self) -> bool:
        """Whether the sender keeps the connection for another message."""
        options = self._listed(b"connection")
        return b"close" not in options if self.modern else b"keep-alive" in options

    def passed_on(self, without: Container[bytes] = ()) -> bytes:
        """The fields as they go to the other side, each with its line's end: none that concern this connection."""
        named = self._listed(b"connection") if b"connection" in self.values else ()
        return b"".join(
            line + b"\r\n"
            for name, line in self.lines
            if name not in _HOP_BY_HOP and name not in named and name not in without
        )

    def _listed(self, name: bytes) -> list[bytes]:
        return [word.strip().lower() for word in self.values.get(name, b"").split(b",")]


def read_request(head: bytes) -> Head:
    """Read a request's head, its closing empty line included.

    Raises:
        MalformedError: see there; a request of HTTP/1.1 without its one Host too.
    """
    request = _read(head.removeprefix(b"\r\n"), _REQUEST)
    host = request.values.get(b"host")
    if (host is None and request.modern) or (host is not None and b"," in host):
        raise MalformedError("A request needs one Host field")
    if b"transfer-encoding" in request.values and not request.modern:
        raise MalformedError("HTTP/1.0 has no Transfer-Encoding")
    request.framing = _framing(request, otherwise=NO_BODY)
    return request


def read_answer(head: bytes, method: bytes) -> Head:
    """Read the head of the answer to a request of `method`, its closing empty line included.

    Raises:
        MalformedError: see there.
    """
    answer = _read(head, _STATUS)
    if answer.status not in (204, 304) and method != b"HEAD":
        answer.framing = _framing(answer, otherwise=UNTIL_CLOSE)
    return answer


def _read(head: bytes, pattern: re.Pattern[bytes]) -> Head:
    first, *rest = head.removesuffix(END).split(b"\r\n")
    start = pattern.fullmatch(first)
    if start is None:
        raise MalformedError(f"Not HTTP/1.1: {first[:80]!r}")
    if len(rest) > MAX_FIELDS:
        raise MalformedError(f"Expected at most {MAX_FIELDS} fields. Received: {len(rest)}")
    lines: list[tuple[bytes, bytes]] = []
    values: dict[bytes, bytes] = {}
    for line in rest:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name) or _CONTROL.search(value):
            raise MalformedError(f"Not a field: {line[:80]!r}")
        name, value = name.lower(), value.strip(b" \t")
        lines.append((name, line))
        values[name] = values[name] + b", " + value if name in values else value
    return Head(start, lines, values)


def _framing(head: Head, otherwise: Framing) -> Framing:
    length, coding = head.values.get(b"content-length"), head.values.get(b"transfer-encoding")
    if length is None and coding is None:
        return otherwise
    if coding is None:
        if not _LENGTH.fullmatch(length or b""):
            raise MalformedError(f"Invalid Content-Length: {length!r}")
        return Framing(int(length or b""))
    if length is not None:
        raise MalformedError("Content-Length and Transfer-Encoding exclude each other")
    if coding.lower() != b"chunked":
        raise MalformedError(f"Unknown Transfer-Encoding: {coding[:80]!r}")
    return CHUNKED
