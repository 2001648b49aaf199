"""A connection to the model server.

llhttp reads its answers, by way of httptools. A library's client was tried in this place: see `compare_stacks.py` in
`benchmarks/`.

Source: RFC 9112 (HTTP/1.1; section 6.3 on where an answer ends, 9.3 on connections that are used again).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import cast

import httptools

PIECE = 1 << 16
"""Bytes of a request that are written at a time, and about as many of an answer are held."""

_MAX_HEAD_BYTES = 65_536


class Link(asyncio.Protocol):
    """A connection to the model server: one request at a time, whose answer comes head first and then in pieces.

    Attributes:
        status: the answer's HTTP status; 0 until its head is here.
        phrase: the words behind the status.
        fields: the answer's headers, as sent.
        length: bytes of the answer's body; None where only the end of the body tells its length.
        headed: whether the whole head of the answer is here.
        whole: whether the whole answer is here.
        sent: whether the whole request was written.
        lost: whether the connection has ended.
        nonsense: what is wrong with the answer, in words; empty where nothing is wrong.
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
        """Forget the last answer, and expect the answer to a request with the method `verb`."""
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
        """Whether the connection can take another request: the last one and its answer are complete."""
        return self.sent and self.whole and self._keep_alive and not (self._surplus or self.lost or self.nonsense)

    def write(self, data: bytes) -> None:
        """Send a piece of the request."""
        self._transport.write(data)

    async def writable(self) -> None:
        """Wait until the model server has taken the bytes written so far, or until it answers."""
        while self._full and not (self.headed or self.lost or self.nonsense):
            await self._change()

    async def head(self) -> None:
        """Wait for the answer's head, or for an end of the connection without one."""
        while not (self.headed or self.lost or self.nonsense):
            await self._change()

    async def pieces(self, seconds: float) -> AsyncGenerator[bytes, None]:
        """The answer's body, piece by piece as it comes.

        Raises:
            TimeoutError: no byte came for `seconds`.
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
        """End the connection at once, even in the middle of an answer."""
        self._transport.abort()

    async def _change(self) -> None:
        self._changed = self._loop.create_future()
        await self._changed

    def _tell(self) -> None:
        if self._changed and not self._changed.done():
            self._changed.set_result(None)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The model server has accepted the connection."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended. An answer without a stated length is complete then."""
        self.lost = True
        self.whole = self.whole or (self._until_close and exc is None)
        self._tell()

    def data_received(self, data: bytes) -> None:
        """Part of an answer has come."""
        if self.whole:  # the server sends bytes that no request asked for
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
        """The model server reads fast enough again."""
        self._full = False
        self._tell()

    # What httptools calls.

    def on_message_begin(self) -> None:
        """An answer begins. Interim answers (1xx) may come before the final one."""
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
        if self.headed:  # a second answer, which `on_message_begin` has noted
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
        """An answer is complete; an interim one does not count."""
        self.whole = self.whole or self.headed
