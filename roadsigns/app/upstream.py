"""The one model server behind the proxy, and the open connections to it that wait for a request."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from ..errors import HttpError
from .link import PIECE, Link


@dataclass(frozen=True)
class Patience:
    """How long the app waits for the model server, in seconds.

    Attributes:
        connect_seconds: until the server accepts a connection.
        answer_seconds: until the server begins its answer.
        piece_seconds: while the server reads nothing of a request, or sends no further piece of an answer.
    """

    connect_seconds: float = 5.0
    answer_seconds: float = 60.0
    piece_seconds: float = 30.0


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

        The server may just have closed a connection that waits. When such a connection ends without a byte of an
        answer, the request is sent once more, on a new connection. No call changes the model server, so a second call
        does no harm.

        Raises:
            HttpError: 502 or 504, and why.
        """
        link = self._waiting()
        if link is not None:
            with contextlib.suppress(_SilentError):
                return await self._exchange(link, verb, head, body)
        return await self._exchange(await self._open(), verb, head, body)

    async def pieces(self, link: Link) -> AsyncGenerator[bytes, None]:
        """The body of an answer. After the body the connection waits for its next request, or ends.

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
        """End the connections that wait for a request."""
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
            # A host with several addresses gives one text for all of its failures, and no error number.
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
