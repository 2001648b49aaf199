"""An answer, and the writer that sends it as fast as the client reads."""

from __future__ import annotations

import asyncio
import contextlib
import http
from collections.abc import AsyncGenerator
from dataclasses import dataclass

MIN_RATE = 10_000
"""How many bytes a client must read in a second."""

_PHRASES = {status.value: status.phrase for status in http.HTTPStatus} | {499: "Client Closed Request"}
_BODILESS = (204, 304)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: HTTP status code.
        body: the bytes after the headers, whole or in pieces.
        content_type: of the body; empty to leave the header out.
        headers: further header lines, each ended by CR LF; none of them about the connection or the body's length.
        phrase: the words after the status code; empty for the usual words.
        length: the number of bytes of a body in pieces, or of a body that is left out; None where it is unknown.
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


class AnswerWriter:
    """Writes the answers of one connection, one after the other.

    Args:
        transport: of the connection; the connection calls `pause` and `resume` as the transport asks for.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._drained: asyncio.Future[None] | None = None
        self._unsent_then = 0

    @property
    def blocked(self) -> bool:
        """Whether writing is paused because the client reads too slowly."""
        return self._drained is not None

    @property
    def unsent(self) -> int:
        """Bytes of answers that the client has not taken yet."""
        return self._transport.get_write_buffer_size()

    def pause(self) -> None:
        """Stop writing until `resume`."""
        self._drained = asyncio.get_running_loop().create_future()

    def resume(self) -> None:
        """Go on writing."""
        drained, self._drained = self._drained, None
        if drained and not drained.done():
            drained.set_result(None)

    def watch(self) -> None:
        """Begin to measure how fast the client reads."""
        self._unsent_then = self.unsent

    def keeps_up(self, seconds: float) -> bool:
        """Whether the client has read at least at `MIN_RATE` since `watch`, `seconds` ago."""
        return self._unsent_then - self.unsent >= MIN_RATE * seconds

    async def write(self, answer: Answer, *, keep: bool, version: str, date: str, bodiless: bool = False) -> None:
        """Write an answer; returns once the client has taken nearly all of it.

        Args:
            answer: what to write.
            keep: as for `Answer.head`.
            version: likewise.
            date: likewise.
            bodiless: leave the body out, as an answer to HEAD does.
        """
        head = answer.head(keep=keep, version=version, date=date)
        if isinstance(answer.body, bytes):
            self._transport.write(head if bodiless else head + answer.body)
        else:
            self._transport.write(head)
            await self._pieces(answer.body, chunked=not (answer.bounded or version == "1.0"), bodiless=bodiless)
        await self._caught_up()

    def write_last(self, answer: Answer, date: str) -> None:
        """Write an answer that ends the connection, without waiting for the client to read it."""
        body = answer.body if isinstance(answer.body, bytes) else b""
        self._transport.write(answer.head(keep=False, version="1.1", date=date) + body)

    async def _pieces(self, pieces: AsyncGenerator[bytes, None], *, chunked: bool, bodiless: bool) -> None:
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                if piece and not bodiless:
                    self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                    await self._caught_up()
        if chunked and not bodiless:
            self._transport.write(b"0\r\n\r\n")

    async def _caught_up(self) -> None:
        if self._drained:
            await self._drained
