"""One HTTP/1.1 connection: requests in, answers out in the same order, within limits that a client cannot stretch.

An asyncio protocol on llhttp (by way of httptools), with neither a task nor middleware for a request: taking in and
answering a JSON body of 1 KB costs a quarter of what it costs uvicorn with the same parser and a bare ASGI function.
Nor has uvicorn a limit for a client that sends its headers byte by byte.

Source: RFC 9112 (HTTP/1.1); the lingering close is that of its section 9.6.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from typing import Protocol, cast

import httptools

from .messages import Answer, Application, Limits, Request

MAX_HEAD_BYTES = 65_536
"""Request line and headers together."""

MIN_RATE = 10_000
"""Bytes of body that earn a second more than `Limits.read_seconds`."""

LINGER_SECONDS = 30.0
"""For so long the rest of a refused request is read and dropped, so that its sender comes to read the answer."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CHUNK = 6
"""Bytes that frame a chunk of one byte, and then some."""


_LOG = logging.getLogger(__name__)


class House(Protocol):
    """What a connection knows of the server it belongs to.

    Attributes:
        application: answers the requests.
        limits: see there.
        date: the value of a `Date` header, now.
        draining: whether the server wants to close.
        held_bytes: of all bodies that have arrived and are not answered.
        active: requests being answered.
    """

    application: Application
    limits: Limits
    date: str
    draining: bool
    held_bytes: int
    active: int

    def joined(self, connection: Connection) -> bool:
        """Whether there is room for one more."""

    def left(self, connection: Connection) -> None:
        """The connection is closed."""


class Connection(asyncio.Protocol):
    """A client's connection.

    Attributes:
        deadline: when, by the loop's clock, `expire` is due.
    """

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop) -> None:
        self._house = house
        self._loop = loop
        self._now = loop.time
        self._transport = cast(asyncio.Transport, None)
        self._parser = httptools.HttpRequestParser(self)
        self._current: Request | None = None
        self._answering: asyncio.Task[None] | None = None
        self._waiting: deque[Request] = deque()
        self._pumping = False
        self._reading = False  # part of a request has come
        self._deaf = False  # what the client still sends is dropped
        self._refusal: Answer | None = None  # to be sent after all other answers
        self._ended = False  # the client sends no more, but still listens
        self._blocked = False  # the client does not read its answers
        self._unsent = 0
        self._forget()
        self.deadline = self._now() + house.limits.idle_seconds

    @property
    def idle(self) -> bool:
        """Whether neither side waits for the other."""
        return not (self._current or self._waiting or self._reading or self._deaf or self._blocked)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast(asyncio.Transport, transport)
        if not self._house.joined(self):
            self._deaf = True
            self._say_last(self._house.application.refusal(503, "The server has no room for another connection"))
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left, or we have."""
        self._house.left(self)
        self._drop_body()
        self._deaf = True
        for request in filter(None, (self._current, *self._waiting)):
            self._release(request)
        self._current = None
        self._waiting.clear()
        if self._answering is not None:
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        """Bytes have come: part of a request, or several."""
        if self._deaf:
            return
        if not self._reading:
            self._reading = True
            self._since = self._now() + self._house.limits.read_seconds
            if self._current is None:
                self.deadline = self._since
        self._raw_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(400, f"Malformed HTTP: {error}")
        else:
            if self._raw_bytes - (1 + _CHUNK) * self._body_bytes > MAX_HEAD_BYTES:
                self._refuse(431, f"Request line and headers are larger than {MAX_HEAD_BYTES} bytes")

    def eof_received(self) -> bool:
        """The client sends no more."""
        self._ended = True
        return self._current is not None or bool(self._waiting)

    def pause_writing(self) -> None:
        """The client does not read as fast as we write."""
        self._blocked = True
        self._unsent = self._transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._blocked = False
        if not self._transport.is_closing():
            self._pump()

    # What httptools calls.

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line, or a trailer."""
        if not self._headed:
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The body begins."""
        self._headed = True
        version = self._parser.get_http_version()
        size = self._headers.get(b"content-length", b"0")
        if len(size) > 18 or int(size) > self._house.limits.body_bytes:  # digits: the parser has seen to that
            self._refuse_body()
        elif version not in ("1.0", "1.1"):
            self._refuse(505, f"HTTP/{version} is not spoken here: expected HTTP/1.1")
        elif self._headers.get(b"expect", b"").lower() == b"100-continue" and self._current is None:
            self._transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._deaf:
            return
        self._pieces.append(body)
        self._body_bytes += len(body)
        self._house.held_bytes += len(body)
        if self._body_bytes > self._house.limits.body_bytes:
            self._refuse_body()
        elif self._house.held_bytes > 4 * self._house.limits.body_bytes:
            self._refuse(503, "The server is busy with other large requests; try again later")
        elif self._current is None:
            self.deadline = self._since + self._body_bytes / MIN_RATE

    def on_message_complete(self) -> None:
        """A request is here in full."""
        if self._deaf or self._parser.should_upgrade():
            return
        request = Request(
            self._parser.get_method().decode("latin-1"),
            self._target.decode("utf-8", "replace"),
            self._headers,
            self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces),
            self._parser.should_keep_alive(),
            self._parser.get_http_version(),
        )
        self._forget()
        self._reading = False
        self._waiting.append(request)
        self._pump()
        if self._waiting:
            self._transport.pause_reading()

    def _decline_upgrade(self, rest: bytes) -> None:
        """Read the request as one that does not ask for another protocol; the parser has taken its headers only."""
        verb = self._parser.get_method()
        if verb == b"CONNECT":
            self._refuse(400, "This server is no proxy")
            return
        headers = [(name, value) for name, value in self._headers.items() if name not in (b"upgrade", b"connection")]
        head = b"%b %b HTTP/1.1\r\n%b\r\n" % (verb, self._target, b"".join(b"%b: %b\r\n" % each for each in headers))
        self._parser = httptools.HttpRequestParser(self)
        self._forget()
        self.data_received(head + rest)

    def _forget(self) -> None:
        """Make room for the next request."""
        self._headed = False
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._pieces: list[bytes] = []
        self._body_bytes = 0
        self._raw_bytes = 0
        self._since = self._now() + self._house.limits.read_seconds

    # One request after the other.

    def _pump(self) -> None:
        """Have the next request answered, if the one before is and the client reads."""
        if self._pumping:
            return
        self._pumping = True
        while self._waiting and self._current is None and not self._blocked:
            self._start(self._waiting.popleft())
        self._pumping = False
        if self._current is None and not self._waiting and not self._transport.is_closing():
            self._rest()

    def _start(self, request: Request) -> None:
        house = self._house
        self._current = request
        house.active += 1
        self.deadline = math.inf  # the application keeps its own
        if house.active > house.limits.requests:
            busy = f"The server is busy with {house.limits.requests} requests; try again later"
            self._send(request, house.application.refusal(503, busy))
        else:
            self._answering = self._loop.create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        try:
            answer = await self._house.application.answer(request)
        except Exception:
            _LOG.exception("A request failed")
            self._transport.abort()
            return
        self._answering = None
        self._send(request, answer)

    def _send(self, request: Request, answer: Answer) -> None:
        """Send the answer to the current request, and go on with the next."""
        more = bool(self._waiting) or (self._reading and not self._ended)
        keep = request.keep_alive and (more or not (self._house.draining or self._ended))
        self._release(request)
        self._current = None
        self.deadline = self._now() + self._house.limits.read_seconds
        bodiless = request.verb == "HEAD"
        self._transport.write(
            answer.encoded(keep=keep, version=request.version, date=self._house.date, bodiless=bodiless)
        )
        if keep:
            self._pump()
        else:
            self._hang_up()

    def _rest(self) -> None:
        """All that has come is answered."""
        if self._blocked:
            return
        if self._refusal:
            self._say_last(self._refusal)
            self._hang_up()
        elif self._ended:
            self._transport.close()
        else:
            limits = self._house.limits
            self.deadline = self._now() + (limits.read_seconds if self._reading else limits.idle_seconds)
            self._transport.resume_reading()

    def expire(self) -> None:
        """Time is over for whatever the connection waits for."""
        unsent = self._transport.get_write_buffer_size()
        if self._blocked and unsent < self._unsent:  # the client reads, if slowly
            self._unsent = unsent
            self.deadline = self._now() + self._house.limits.read_seconds
        elif self._blocked or self._deaf or self._transport.is_closing():
            self._transport.abort()
        elif self._reading:
            self._refuse(408, f"The request did not arrive within {self._house.limits.read_seconds:g} seconds")
        else:
            self._transport.close()

    def close_if_idle(self) -> None:
        """Hang up, unless one side waits for the other."""
        if self.idle:
            self._transport.close()

    def cut(self) -> None:
        """Close at once, with a word to those who still wait."""
        if self._current and self._answering:
            self._answering.cancel()
            self._say_last(self._house.application.refusal(503, "The server is stopping"))
        if self._blocked:
            self._transport.abort()
        else:
            self._transport.close()

    # Refusals, which end the connection.

    def _refuse_body(self) -> None:
        self._refuse(413, f"The body is larger than {self._house.limits.body_bytes} bytes (--max_request_bytes)")

    def _refuse(self, status: int, message: str) -> None:
        """Listen no more, and say why once the requests before are answered."""
        if self._deaf:
            return
        self._deaf = True
        self._drop_body()
        self._refusal = self._house.application.refusal(status, message)
        self._pump()

    def _say_last(self, answer: Answer) -> None:
        self._refusal = None
        self._transport.write(answer.encoded(keep=False, version="1.1", date=self._house.date))

    def _hang_up(self) -> None:
        """Close; but where the client is still sending, not before it has had the chance to read."""
        unread = self._deaf or self._reading or self._waiting
        for request in self._waiting:
            self._release(request)
        self._waiting.clear()
        self._drop_body()
        self._deaf = True
        if unread and not self._ended and not self._transport.is_closing():
            self.deadline = self._now() + LINGER_SECONDS
            self._transport.resume_reading()
            self._transport.write_eof()
        else:
            self._transport.close()

    def _drop_body(self) -> None:
        self._house.held_bytes -= self._body_bytes
        self._body_bytes = 0
        self._pieces = []

    def _release(self, request: Request) -> None:
        self._house.held_bytes -= len(request.body)
        if request is self._current:
            self._house.active -= 1
