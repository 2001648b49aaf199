"""The one model server behind the proxy, and the connections to it that wait for their next request."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass

from ..errors import HttpError
from .heads import END, Head, MalformedError, read_answer
from .limits import Limits


@dataclass(slots=True)
class Link:
    """A connection to the model server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def close(self) -> None:
        """End the connection at once, whatever is under way."""
        self.writer.transport.abort()


class Upstream:
    """The model server at one address, which no request can change."""

    def __init__(self, address: str, limits: Limits) -> None:
        """Take `host:port`; IPv6 addresses stand in brackets."""
        host, _, port = address.rpartition(":")
        self.address = address
        self._host, self._port = host.strip("[]"), int(port)
        self._limits = limits
        self._idle: list[Link] = []

    async def ask(self, message: bytes, method: bytes) -> tuple[Link, Head]:
        """Send a whole request; returns once the answer's head is there.

        A waiting connection may have been closed just now. When one ends without a byte of an answer, the request is
        sent once more, on a new connection: the model server's calls change nothing, so twice does no harm.

        Raises:
            HttpError: 502 or 504, and why.
        """
        link = self._waiting()
        if link is not None:
            try:
                link.writer.write(message)
                return link, await self.head(link, method)
            except _SilentError:
                pass
        link = await self.open()
        link.writer.write(message)
        return link, await self.head(link, method)

    async def open(self) -> Link:
        """A new connection.

        Raises:
            HttpError: 502 or 504, and why.
        """
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                return Link(
                    *await asyncio.open_connection(self._host, self._port, limit=max(1 << 16, self._limits.head_bytes))
                )
        except TimeoutError as error:
            raise self.failure(f"did not accept a connection in {self._limits.connect_seconds:g} s", 504) from error
        except OSError as error:
            unknown = isinstance(error, socket.gaierror)
            # A host of several addresses fails with a text of all of them and no number of its own.
            reason = (error.errno and not unknown and os.strerror(error.errno)) or error.strerror or str(error)
            raise self.failure(f"cannot be reached: {reason}") from error

    async def head(self, link: Link, method: bytes, *, patient: bool = False) -> Head:
        """The head of the answer to a request that was sent; heads of interim answers (1xx) are dropped.

        `patient` leaves it to the caller how long to wait.

        Raises:
            HttpError: 502 or 504, and why; the link is closed then.
        """
        try:
            async with asyncio.timeout(None if patient else self._limits.answer_seconds):
                while True:
                    answer = read_answer(await link.reader.readuntil(END), method)
                    if answer.status >= 200:
                        return answer
        except TimeoutError as error:
            reason = self.failure(f"did not answer in {self._limits.answer_seconds:g} s", 504)
            raise self._closing(link, reason) from error
        except asyncio.IncompleteReadError as error:
            kind = HttpError if error.partial else _SilentError
            raise self._closing(link, self.failure("closed the connection before its answer", kind=kind)) from error
        except ConnectionError as error:
            reason = self.failure("closed the connection before its answer", kind=_SilentError)
            raise self._closing(link, reason) from error
        except (MalformedError, asyncio.LimitOverrunError) as error:
            raise self._closing(link, self.failure(f"did not answer as HTTP: {error}")) from error

    def keep(self, link: Link) -> None:
        """Let a connection wait for its next request."""
        self._idle.append(link)

    def failure(self, what: str, status: int = 502, kind: type[HttpError] = HttpError) -> HttpError:
        """The error that tells a client what the model server did."""
        return kind(status, f"The model server at {self.address} {what}")

    def close(self) -> None:
        """End the connections that wait."""
        while self._idle:
            self._idle.pop().close()

    def _waiting(self) -> Link | None:
        while self._idle:
            link = self._idle.pop()
            if not link.writer.is_closing() and not link.reader.at_eof():
                return link
            link.close()
        return None

    @staticmethod
    def _closing(link: Link, error: HttpError) -> HttpError:
        link.close()
        return error


class _SilentError(HttpError):
    """The connection ended before the first byte of an answer."""
