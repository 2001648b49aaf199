"""The answers on a connection, written as fast as the client reads them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from .messages import Answer

MIN_RATE = 10_000
"""Bytes a second that a client has to read."""


class AnswerWriter:
    """Writes answers, one after the other.

    Args:
        transport: of the connection, which tells `pause` and `resume`.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._drained: asyncio.Future[None] | None = None
        self._unsent_then = 0

    @property
    def blocked(self) -> bool:
        """Whether the client does not read as fast as we write."""
        return self._drained is not None

    @property
    def unsent(self) -> int:
        """Bytes that were written and that the client has not taken."""
        return self._transport.get_write_buffer_size()

    def pause(self) -> None:
        """Write nothing more for now."""
        self._drained = asyncio.get_running_loop().create_future()

    def resume(self) -> None:
        """Go on."""
        drained, self._drained = self._drained, None
        if drained and not drained.done():
            drained.set_result(None)

    def watch(self) -> None:
        """Note what the client has to read from now on."""
        self._unsent_then = self.unsent

    def keeps_up(self, seconds: float) -> bool:
        """Whether the client has read at the least rate since `watch`, so many seconds ago."""
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
        """Write a whole answer that ends the connection, without waiting for anybody."""
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
