"""Connections to the app: each request to its room, errors as JSON, and an end to clients that dawdle.

`/v1` and what is below goes to the model server, everything else is a file of the site.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import json
import re
import sys
import traceback
from urllib.parse import unquote

from ..errors import HttpError
from .heads import END, NO_BODY, Head, MalformedError, read_request
from .limits import Limits
from .proxy import Proxy
from .site import SECURITY, Site
from .upstream import Upstream

_LINGER_SECONDS = 2.0


class Server:
    """The app on one socket."""

    def __init__(self, site: Site, address: str, limits: Limits | None = None) -> None:
        """Take the files and the model server's `host:port`."""
        self._site = site
        self._limits = limits or Limits()
        self._upstream = Upstream(address, self._limits)
        self._proxy = Proxy(self._upstream, self._limits)
        self._clients: dict[asyncio.Task[None], bool] = {}
        self._stopping = False

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which the system chooses where `port` is 0.

        Raises:
            OSError: the address is taken, or not ours to take.
        """
        limit = max(1 << 16, self._limits.head_bytes)
        self._server = await asyncio.start_server(self._serve, host, port, limit=limit, backlog=512)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Take no more clients; let requests under way end, for a while."""
        self._stopping = True
        self._server.close()
        for task, busy in self._clients.items():
            if not busy:
                task.cancel()
        if self._clients:
            await asyncio.wait(self._clients, timeout=self._limits.grace_seconds)
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._upstream.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served by a task")
        full = len(self._clients) >= self._limits.clients
        self._clients[task] = full
        try:
            if full:
                await _refuse(HttpError(503, "Too many connections. Try again later"), reader, writer)
            else:
                await self._requests(task, reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        except Exception:
            traceback.print_exc(file=sys.stderr)
            writer.transport.abort()
        finally:
            self._clients.pop(task, None)
            writer.close()

    async def _requests(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """The requests of one connection, one after the other."""
        try:
            while not self._stopping and (request := await self._next(reader)):
                self._clients[task] = True
                if not await self._answer(request, reader, writer):
                    return
                self._clients[task] = False
        except MalformedError as error:
            await _refuse(HttpError(400, str(error)), reader, writer)
        except EOFError:
            return
        except HttpError as error:
            await _refuse(error, reader, writer)

    async def _next(self, reader: asyncio.StreamReader) -> Head | None:
        """The next request's head; None when the client has nothing more to say."""
        try:
            async with asyncio.timeout(self._limits.head_seconds):
                head = await reader.readuntil(END)
        except (TimeoutError, asyncio.IncompleteReadError):
            return None
        except asyncio.LimitOverrunError as error:
            raise self._too_long() from error
        if len(head) > self._limits.head_bytes:
            raise self._too_long()
        return read_request(head)

    def _too_long(self) -> HttpError:
        return HttpError(431, f"Expected a head of at most {self._limits.head_bytes:,} bytes")

    async def _answer(self, request: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection is ready for another."""
        path = request.target.partition("?")[0]
        if not path.startswith("/"):
            raise HttpError(400, "Expected a path that begins with /: this server speaks for itself only")
        if _climbs(path):
            raise HttpError(404, "A path may not climb with ..")
        if path == "/v1" or path.startswith("/v1/"):
            try:
                return await self._proxy.forward(request, reader, writer)
            except HttpError as error:
                if error.status >= 500:
                    print(f"roadsigns app: {error}", file=sys.stderr)
                raise
        try:
            answer = self._site.answer(request)
        except HttpError as error:
            answer = _error(error, with_body=request.method != b"HEAD")
        # A body that came with a request for a file is not read, so the connection ends.
        keep = request.framing == NO_BODY and request.persistent and request.modern
        writer.write(answer if keep else answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        await self._drain(writer)
        return keep

    async def _drain(self, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._limits.piece_seconds):
                await writer.drain()
        except TimeoutError as error:
            raise ConnectionAbortedError from error


def _climbs(path: str) -> bool:
    return any(name in (".", "..") for name in re.split(r"[/\\]", unquote(path)))


def _error(error: HttpError, *, with_body: bool = True, close: bool = False) -> bytes:
    body = json.dumps({"error": str(error)}).encode()
    head = f"HTTP/1.1 {error.status} {http.HTTPStatus(error.status).phrase}\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n"
    head += "Allow: GET, HEAD\r\n" if error.status == 405 else ""
    head += "Connection: close\r\n" if close else ""
    return head.encode() + SECURITY + b"\r\n" + (body if with_body else b"")


async def _refuse(error: HttpError, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with an error and end the connection.

    What the client still sends is read for a while: closed at once, the connection would be reset and the answer lost.
    """
    writer.write(_error(error, close=True))
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(_LINGER_SECONDS):
            await writer.drain()
            writer.write_eof()
            while await reader.read(1 << 16):
                pass
