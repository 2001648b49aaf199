"""What passes between the HTTP connections and those who answer: requests, answers, and the limits of both."""

from __future__ import annotations

import http
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Protocol

_PHRASES = {status.value: status.phrase for status in http.HTTPStatus} | {499: "Client Closed Request"}
_BODILESS = (204, 304)


@dataclass(frozen=True)
class Limits:
    """What one client, and all together, may take.

    Attributes:
        body_bytes: of one body, as sent and unpacked.
        held_bytes: of all bodies that have come and are not answered; of all answers that are not taken.
        connections: open at a time.
        requests: being answered at a time.
        read_seconds: from a request's first byte to its last, and some more for a large body; and for a part of an
            answer to be taken.
        idle_seconds: between requests.
        answer_seconds: from a request's last byte to its answer; the application sees to it.
        body_hint: what the refusal of a larger body ends with, such as the option that sets it.
    """

    body_bytes: int
    held_bytes: int
    connections: int
    requests: int
    read_seconds: float
    idle_seconds: float
    answer_seconds: float
    body_hint: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back.

    Attributes:
        status: HTTP status code.
        body: everything after the headers, whole or in pieces.
        content_type: of the body; empty to leave the header out.
        headers: further header lines, each ended by CR LF; none of them about the connection or the body's length.
        phrase: what stands behind the status; empty for the usual words.
        length: bytes of a body that comes in pieces, or that is left out; None where nobody knows.
    """

    status: int
    body: bytes | AsyncGenerator[bytes, None] = b""
    content_type: str = "application/json"
    headers: str = ""
    phrase: str = ""
    length: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether the client can tell where the body ends without chunks."""
        return isinstance(self.body, bytes) or self.length is not None or self.status in _BODILESS

    def head(self, *, keep: bool, version: str, date: str) -> bytes:
        """Status line and headers.

        Args:
            keep: whether the connection stays open.
            version: HTTP version of the request.
            date: the time, as headers have it.
        """
        length = len(self.body) if isinstance(self.body, bytes) and self.length is None else self.length
        lines = f"HTTP/1.1 {self.status} {self.phrase or _PHRASES.get(self.status, '')}\r\n"
        if self.content_type:
            lines += f"Content-Type: {self.content_type}\r\n"
        if self.status not in _BODILESS:
            if length is not None:
                lines += f"Content-Length: {length}\r\n"
            elif version != "1.0":
                lines += "Transfer-Encoding: chunked\r\n"
        lines += f"Date: {date}\r\n{self.headers}"
        if not keep:
            lines += "Connection: close\r\n"
        elif version == "1.0":
            lines += "Connection: keep-alive\r\n"
        return f"{lines}\r\n".encode("latin-1")


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A request that has arrived in full.

    Attributes:
        verb: `GET`, `POST`, ...
        target: path and query as sent, percent-encoded.
        headers: values by lower-case name; equal names are joined by commas.
        body: as sent, freed of chunks.
        keep_alive: whether the client wants to go on.
        version: of HTTP, `1.1`.
        fields: names and values of the headers, as sent.
    """

    verb: str
    target: str
    headers: dict[bytes, bytes]
    body: bytes
    keep_alive: bool = True
    version: str = "1.1"
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)

    def header(self, name: bytes) -> str:
        """The value of a header, `""` if there is none."""
        return self.headers.get(name, b"").decode("latin-1")


class Application(Protocol):
    """What answers the requests, on the event loop."""

    async def answer(self, request: Request) -> Answer:
        """The answer to a request; cancelled when nobody waits for it any more."""

    def refusal(self, status: int, message: str) -> Answer:
        """The answer to what did not become a request."""
