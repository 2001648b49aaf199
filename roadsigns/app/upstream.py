"""The one model server behind the proxy, and the connections to it that wait for their next request.

llhttp reads its answers, by way of httptools. A library's client was tried in this place: see `compare_stacks.py` in
`benchmarks/`.

Source: RFC 9112 (HTTP/1.1; section 6.3 on where an answer ends, 9.3 on connections that are used again).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import cast

import httptools

from ..errors import HttpError

PIECE = 1 << 16
"""Bytes of a request that are written at a time, and about as many of an answer are held."""

_MAX_HEAD_BYTES = 65_536


@dataclass(frozen=True)
class Patience:
    """How long the app bears with the model server, in seconds.

    Attributes:
        connect_seconds: until it accepts a connection.
        answer_seconds: until it begins its answer.
        piece_seconds: while it takes nothing of a request, or sends nothing more of an answer.
    """

    connect_seconds: float = 5.0
    answer_seconds: float = 60.0
    piece_seconds: float = 30.0


class Link(asyncio.Protocol):
    """A connection to the model server: one request at a time, whose answer comes head first and then in pieces.

    Attributes:
        status: of the answer.
        phrase: the words behind it.
        fields: the answer's headers, as sent.
        length: bytes of the answer's body; None where only its end tells.
        headed: whether the answer's head is here.
        whole: whether all of the answer is here.
        sent: whether the whole request was written.
        lost: whether the connection has ended.
        nonsense: what is wrong with the answer; empty if nothing is.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport = cast(asyncio.Transport, None)
        self._changed: asyncio.Future[None] | None = None
        self._full = False
        self._surplus = False
        self.lost = False
        self.begin("")
        self.whole = True

    def begin(self, verb: str) -> None:
        """Make ready for the answer to a request."""
        self._verb = verb
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: deque[bytes] = deque()
        self._held = self._raw_bytes = 0
        self._until_close = self._keep_alive = False
        self.status = 0
        self.phrase = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.length: int | None = None
        self.headed = self.whole = self.sent = False
        self.nonsense = ""

    @property
    def reusable(self) -> bool:
        """Whether another request may follow: nothing is left over of this one."""
        return self.sent and self.whole and self._keep_alive and not (self._surplus or self.lost or self.nonsense)

    def write(self, data: bytes) -> None:
        """Send a piece of the request."""
        self._transport.write(data)

    async def writable(self) -> None:
        """Wait until the model server has taken what was written, or says something."""
        while self._full and not (self.headed or self.lost or self.nonsense):
            await self._change()

    async def head(self) -> None:
        """Wait for the answer's head, or for what keeps it from coming."""
        while not (self.headed or self.lost or self.nonsense):
            await self._change()

    async def pieces(self, seconds: float) -> AsyncGenerator[bytes, None]:
        """The answer's body.

        Raises:
            TimeoutError: nothing more came for so many seconds.
            ConnectionError: the answer breaks off.
        """
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._held -= len(piece)
                if not self._held:
                    self._transport.resume_reading()
                yield piece
            if self.whole:
                return
            if self.lost or self.nonsense:
                raise ConnectionAbortedError("the answer breaks off")
            async with asyncio.timeout(seconds):
                await self._change()

    def close(self) -> None:
        """End the connection at once, whatever is under way."""
        self._transport.abort()

    async def _change(self) -> None:
        self._changed = self._loop.create_future()
        await self._changed

    def _tell(self) -> None:
        if self._changed and not self._changed.done():
            self._changed.set_result(None)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The model server has accepted."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended, for an answer without a length as it should."""
        self.lost = True
        self.whole = self.whole or (self._until_close and exc is None)
        self._tell()

    def data_received(self, data: bytes) -> None:
        """Part of an answer has come."""
        if self.whole:  # what nobody asked for
            self._surplus = True
            self.close()
            return
        self._raw_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.nonsense = "it changes the protocol"
        except httptools.HttpParserError as error:
            self._surplus = True
            self.nonsense = "" if self.whole else str(error)
        if not self.headed and self._raw_bytes > _MAX_HEAD_BYTES:
            self.nonsense = f"its head is larger than {_MAX_HEAD_BYTES} bytes"
        if self._held > PIECE:
            self._transport.pause_reading()
        self._tell()

    def pause_writing(self) -> None:
        """The model server does not read as fast as the request is written."""
        self._full = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self._full = False
        self._tell()

    # What httptools calls.

    def on_message_begin(self) -> None:
        """An answer begins: the one that is awaited, after those in between (1xx)."""
        self._surplus = self._surplus or self.whole

    def on_status(self, phrase: bytes) -> None:
        """A piece of the words behind the status."""
        if not self.headed:
            self.phrase += phrase

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line, or a trailer."""
        if not self.headed:
            self.fields.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The body begins."""
        status = self._parser.get_status_code()
        if self.headed:  # a second answer, of which `on_message_begin` knows
            return
        if status < 200:
            self.phrase, self.fields = b"", []
            return
        values = {name.lower(): value for name, value in self.fields}
        stated = values.get(b"content-length")
        self.length = None if stated is None else int(stated)
        bodiless = self._verb == "HEAD" or status in (204, 304)
        self._until_close = not bodiless and stated is None and b"transfer-encoding" not in values
        self._keep_alive = self._parser.should_keep_alive() and not self._until_close
        self.status, self.headed, self.whole = status, True, bodiless

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self.whole:
            self._surplus = True
            return
        self._pieces.append(body)
        self._held += len(body)

    def on_message_complete(self) -> None:
        """An answer is here in full."""
        self.whole = self.whole or self.headed


class Upstream:
    """The model server at one address, which no request can change."""

    def __init__(self, address: str, patience: Patience) -> None:
        """Take `host:port`; IPv6 addresses stand in brackets."""
        host, _, port = address.rpartition(":")
        self.address = address
        self._host, self._port = host.strip("[]"), int(port)
        self._patience = patience
        self._idle: list[Link] = []

    async def ask(self, verb: str, head: bytes, body: bytes) -> Link:
        """Send a request; returns once the answer's head is there.

        A waiting connection may have been closed just now. When one ends without a byte of an answer, the request is
        sent once more, on a new connection: the model server's calls change nothing, so twice does no harm.

        Raises:
            HttpError: 502 or 504, and why.
        """
        link = self._waiting()
        if link is not None:
            with contextlib.suppress(_SilentError):
                return await self._exchange(link, verb, head, body)
        return await self._exchange(await self._open(), verb, head, body)

    async def pieces(self, link: Link) -> AsyncGenerator[bytes, None]:
        """The body of an answer; after it the connection waits for its next request, or ends.

        Raises:
            HttpError: 502 or 504, and why the answer breaks off.
        """
        try:
            async with contextlib.aclosing(link.pieces(self._patience.piece_seconds)) as pieces:
                async for piece in pieces:
                    yield piece
        except TimeoutError as error:
            raise self._failure(f"stopped sending for {self._patience.piece_seconds:g} s", 504) from error
        except ConnectionError as error:
            raise self._failure("closed the connection in its answer") from error
        finally:
            if link.reusable:
                self._idle.append(link)
            else:
                link.close()

    def close(self) -> None:
        """End the connections that wait."""
        while self._idle:
            self._idle.pop().close()

    async def _exchange(self, link: Link, verb: str, head: bytes, body: bytes) -> Link:
        patience = self._patience
        try:
            link.begin(verb)
            what = f"did not read the request for {patience.piece_seconds:g} s"
            link.write(head + body[:PIECE])
            for start in range(PIECE, len(body), PIECE):
                async with asyncio.timeout(patience.piece_seconds):
                    await link.writable()
                if link.headed or link.lost or link.nonsense:
                    break
                link.write(body[start : start + PIECE])
            else:
                link.sent = True
            what = f"did not answer in {patience.answer_seconds:g} s"
            async with asyncio.timeout(patience.answer_seconds):
                await link.head()
            if link.nonsense:
                raise self._failure(f"did not answer as HTTP: {link.nonsense}")
            if not link.headed:
                raise self._failure("closed the connection before its answer", kind=_SilentError)
        except TimeoutError as error:
            link.close()
            raise self._failure(what, 504) from error
        except BaseException:
            link.close()
            raise
        return link

    async def _open(self) -> Link:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience.connect_seconds):
                _, link = await loop.create_connection(lambda: Link(loop), self._host, self._port)
        except TimeoutError as error:
            raise self._failure(f"did not accept a connection in {self._patience.connect_seconds:g} s", 504) from error
        except OSError as error:
            unknown = isinstance(error, socket.gaierror)
            # A host of several addresses fails with a text of all of them and no number of its own.
            reason = (error.errno and not unknown and os.strerror(error.errno)) or error.strerror or str(error)
            raise self._failure(f"cannot be reached: {reason}") from error
        return link

    def _waiting(self) -> Link | None:
        while self._idle:
            link = self._idle.pop()
            if link.reusable:
                return link
            link.close()
        return None

    def _failure(self, what: str, status: int = 502, kind: type[HttpError] = HttpError) -> HttpError:
        """The error that tells a client what the model server did."""
        return kind(status, f"The model server at {self.address} {what}")


class _SilentError(HttpError):
    """The connection ended before the first byte of an answer."""
