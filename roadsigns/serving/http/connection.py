"""One HTTP/1.1 connection: requests in, answers out in the same order, within limits that a client cannot stretch.

An asyncio protocol, with one task as long as requests wait. uvicorn was tried in its place: see `compare_stacks.py` in
`benchmarks/`.

Source: RFC 9112 (HTTP/1.1); the lingering close is that of its section 9.6.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import socket
from collections import deque
from typing import cast

from ...errors import RoadsignsError
from .answer import AnswerWriter
from .port import Port
from .request import Request, RequestReader

MIN_RATE = 10_000
"""For each so many bytes of a body its sender has a second more than `Limits.read_seconds`."""

LINGER_SECONDS = 30.0
"""For so long the rest of a refused request is read and dropped, so that its sender comes to read the answer."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LOG = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """A client's connection.

    Attributes:
        deadline: when, by the loop's clock, `expire` is due.
    """

    def __init__(self, port: Port, loop: asyncio.AbstractEventLoop) -> None:
        self._port = port
        self._loop = loop
        self._transport = cast(asyncio.Transport, None)
        self._writer = cast(AnswerWriter, None)
        self._reader = RequestReader(port.limits, port.held)
        self._begun = 0.0  # when the first byte of the arriving request came
        self._waiting: deque[Request] = deque()
        self._serving: asyncio.Task[None] | None = None
        self._owed = False  # a request is being answered, and no byte of the answer is sent yet
        self._ignoring = False  # further bytes of the client are dropped
        self._ended = False  # the client has closed its side for sending, and still reads
        self.deadline = loop.time() + port.limits.idle_seconds

    @property
    def answering(self) -> bool:
        """Whether a request has arrived and is not answered yet."""
        return self._serving is not None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way: no request is being answered, and none is arriving."""
        return not (self._serving or self._reader.partial or self._ignoring or self._transport.is_closing())

    @property
    def unsent(self) -> int:
        """Bytes of answers that the client has not taken yet."""
        return self._writer.unsent

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast(asyncio.Transport, transport)
        self._writer = AnswerWriter(self._transport)
        with contextlib.suppress(OSError, AttributeError):  # asyncio does it for some sockets only
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        is_full = len(self._port.connections) >= self._port.limits.connections and not self._port.make_room()
        self._port.connections.add(self)
        if is_full:
            self._ignoring = True
            self._refuse(503, "The server has no room for another connection")
            self._close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed, by the client or by us."""
        self._port.connections.discard(self)
        self._reader.drop()
        self._ignoring = True
        self._forget_waiting()
        if self._serving:
            self._serving.cancel()

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived: part of a request, or several requests."""
        if self._ignoring:
            return
        limits = self._port.limits
        if not self._reader.partial:
            self._begun = self._loop.time()
        requests = self._reader.feed(data)
        if requests:
            self._begun = self._loop.time()
            self._waiting.extend(requests)
        if self._reader.refusal:
            self._ignoring = True
        if len(self._waiting) > (0 if self._serving else 1):  # one alone is taken at once
            self._transport.pause_reading()
        if not self._serving:
            self.deadline = self._begun + limits.read_seconds + self._reader.body_bytes / MIN_RATE
            if self._waiting:
                self._serving = self._loop.create_task(self._serve())
            else:
                self._settle()

    def eof_received(self) -> bool:
        """The client sends no more."""
        self._ended = True
        return self.answering

    def pause_writing(self) -> None:
        """The client does not read as fast as we write."""
        self._writer.pause()
        self._watch_sending()
        self._port.bound_unsent()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writer.resume()
        self.deadline = math.inf if self._serving else self.deadline

    # One request after the other.

    async def _serve(self) -> None:
        """Answer the waiting requests one after the other, and those that arrive meanwhile."""
        try:
            keep = True
            while self._waiting and keep:
                keep = await self._respond(self._waiting.popleft())
                if self._waiting:
                    await asyncio.sleep(0)  # the other connections have their turn
        except RoadsignsError:  # half an answer is sent, so the connection is cut
            self._transport.abort()
            return
        except Exception:
            _LOG.exception("An answer failed")
            self._transport.abort()
            return
        finally:
            self._serving = None
        if keep:
            self._settle()
        else:
            self._hang_up()

    async def _respond(self, request: Request) -> bool:
        """Answer a request. Returns whether the connection stays open."""
        port = self._port
        port.active += 1
        self.deadline = math.inf  # the application has a deadline of its own
        self._owed = True
        try:
            if port.active > port.limits.requests:
                busy = f"The server is busy with {port.limits.requests} requests; try again later"
                answer = port.application.refusal(503, busy)
            else:
                answer = await port.application.answer(request)
        finally:
            self._owed = False
            port.active -= 1
            port.held.count -= len(request.body)
        more = bool(self._waiting) or self._ignoring or (self._reader.partial and not self._ended)
        keep = request.keep_alive and (more or not (port.draining or self._ended))
        keep = keep and (answer.bounded or request.version != "1.0")
        await self._writer.write(
            answer, keep=keep, version=request.version, date=port.date, bodiless=request.verb == "HEAD"
        )
        return keep

    def _settle(self) -> None:
        """All requests are answered: read on, or refuse and close."""
        limits = self._port.limits
        if self._transport.is_closing():
            return
        if self._reader.refusal:
            self._refuse(self._reader.refusal.status, self._reader.refusal.message)
            self._hang_up()
        elif self._ended:
            self._close()
        else:
            if self._reader.asks:
                self._transport.write(_CONTINUE)
                self._reader.asks = False
            self.deadline = (
                self._begun + limits.read_seconds + self._reader.body_bytes / MIN_RATE
                if self._reader.partial
                else self._loop.time() + limits.idle_seconds
            )
            self._transport.resume_reading()

    # Ends.

    def expire(self) -> None:
        """The deadline has passed: close the connection, with an error where the client can still read one."""
        if self._writer.blocked or self._transport.is_closing():
            if self._writer.keeps_up(self._port.limits.read_seconds):
                self._watch_sending()
            else:
                self._transport.abort()
        elif self._ignoring:
            self._transport.abort()
        elif self._reader.partial:
            self._reader.refuse(408, f"The request did not arrive within {self._port.limits.read_seconds:g} seconds")
            self._settle()
        else:
            self._close()

    def abort(self) -> None:
        """Close at once, also in the middle of an answer."""
        self._transport.abort()

    def close_if_idle(self) -> None:
        """Close if nothing is under way."""
        if self.idle:
            self._close()

    def cut(self) -> None:
        """Close at once; a client that waits for an answer gets a 503 first."""
        if self._serving:
            self._serving.cancel()
        if self._writer.blocked or (self._serving and not self._owed):  # half an answer is sent
            self._transport.abort()
            return
        if self._serving:
            self._refuse(503, "The server is stopping")
        self._transport.close()

    def _refuse(self, status: int, message: str) -> None:
        """Send an error as the last answer."""
        self._writer.write_last(self._port.application.refusal(status, message), self._port.date)

    def _hang_up(self) -> None:
        """Close; a client that is still sending gets time to read the answer first."""
        unread = self._ignoring or self._reader.partial or bool(self._waiting)
        self._forget_waiting()
        self._reader.drop()
        self._ignoring = True
        if not unread or self._ended or self._transport.is_closing():
            self._close()
            return
        self.deadline = self._loop.time() + LINGER_SECONDS
        try:
            self._transport.resume_reading()
            self._transport.write_eof()
        except OSError:  # the client has left already
            self._transport.abort()

    def _close(self) -> None:
        """Close as soon as the written bytes are sent; there is a deadline for that."""
        self._watch_sending()
        self._transport.close()

    def _watch_sending(self) -> None:
        """Set the deadline until which the client must read the written bytes, or a good part of them."""
        self._writer.watch()
        self.deadline = self._loop.time() + self._port.limits.read_seconds

    def _forget_waiting(self) -> None:
        self._port.held.count -= sum(len(request.body) for request in self._waiting)
        self._waiting.clear()
