"""What passes between the HTTP connections and those who answer: requests, answers, and the limits of both."""

from __future__ import annotations

import http
from dataclasses import dataclass
from typing import Protocol

_PHRASES = {status.value: status.phrase for status in http.HTTPStatus} | {499: "Client Closed Request"}


@dataclass(frozen=True)
class Limits:
    """What one client, and all together, may take.

    Attributes:
        body_bytes: of one body, as sent and unpacked.
        connections: open at a time.
        requests: being answered at a time.
        read_seconds: from a request's first byte to its last, and some more for a large body.
        idle_seconds: between requests.
        answer_seconds: from a request's last byte to its answer; the application sees to it.
    """

    body_bytes: int
    connections: int
    requests: int
    read_seconds: float
    idle_seconds: float
    answer_seconds: float


@dataclass(frozen=True)
class Answer:
    """What goes back.

    Attributes:
        status: HTTP status code.
        body: everything after the headers.
        content_type: of the body.
        headers: further header lines, each ended by CR LF.
    """

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: str = ""

    def encoded(self, *, keep: bool, version: str, date: str, bodiless: bool = False) -> bytes:
        """The answer as it is sent.

        Args:
            keep: whether the connection stays open.
            version: HTTP version of the request.
            date: the time, as headers have it.
            bodiless: leave the body out, as an answer to HEAD does.
        """
        connection = "Connection: close\r\n" if not keep else "Connection: keep-alive\r\n" if version == "1.0" else ""
        head = (
            f"HTTP/1.1 {self.status} {_PHRASES[self.status]}\r\n"
            f"Content-Type: {self.content_type}\r\n"
            f"Content-Length: {len(self.body)}\r\n"
            f"Date: {date}\r\n{self.headers}{connection}\r\n"
        ).encode("latin-1")
        return head if bodiless else head + self.body


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A request that has arrived in full.

    Attributes:
        verb: `GET`, `POST`, ...
        target: as sent, percent-encoded, query included.
        headers: values by lower-case name; of equal names the last.
        body: as sent.
        keep_alive: whether the client wants to go on.
        version: of HTTP, `1.1`.
    """

    verb: str
    target: str
    headers: dict[bytes, bytes]
    body: bytes
    keep_alive: bool
    version: str

    def header(self, name: bytes) -> str:
        """The value of a header, `""` if there is none."""
        return self.headers.get(name, b"").decode("latin-1")


class Application(Protocol):
    """What answers the requests, on the event loop."""

    async def answer(self, request: Request) -> Answer:
        """The answer to a request; cancelled when nobody waits for it any more."""

    def refusal(self, status: int, message: str) -> Answer:
        """The answer to what did not become a request."""
