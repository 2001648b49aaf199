"""The app's neighbours in its tests: a model server that behaves as told, a client that sends what it likes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from roadsigns.app.server import LIMITS, Server
from roadsigns.app.site import Site
from roadsigns.app.upstream import Patience
from roadsigns.serving.http.limits import Limits

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SECONDS = 20

SHORT = Limits(
    body_bytes=2**20,
    held_bytes=2**23,
    connections=20,
    requests=20,
    read_seconds=1.5,
    idle_seconds=1.5,
    answer_seconds=1.2,
)
PATIENCE = Patience(connect_seconds=1.2, answer_seconds=1.2, piece_seconds=1.2)
"""Limits that a test can wait for."""


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.servers: list[asyncio.Server] = []
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(SECONDS)

    def end(self) -> None:
        self.run(self._cancel())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(SECONDS)
        self.loop.close()

    async def _cancel(self) -> None:
        for server in self.servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def loop() -> Iterator[Loop]:
    made = Loop()
    try:
        yield made
    finally:
        made.end()


def start_backend(where: Loop, handler: Handler) -> str:
    """A server whose every connection goes to `handler`; its host:port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = where.run(asyncio.start_server(serve, "127.0.0.1", 0, limit=2**26))
    where.servers.append(server)
    return "{}:{}".format(*server.sockets[0].getsockname())


def start_app(
    where: Loop, address: str, folder: Path, limits: Limits = LIMITS, frames: str = "'none'"
) -> tuple[Server, int]:
    """The app with its own limits, or with others and short patience; the server and its port."""
    server = Server(Site(folder, frames), address, limits, Patience() if limits is LIMITS else PATIENCE)
    return server, where.run(server.start("127.0.0.1", 0))


def send(port: int, *parts: bytes, end: bool = False) -> bytes:
    """Send the parts and return all that comes back until the connection ends, or pauses for long."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as client:
        for part in parts:
            client.sendall(part)
        if end:
            client.shutdown(socket.SHUT_WR)
        return receive(client)


def receive(client: socket.socket, pause: float = 5.0) -> bytes:
    received = bytearray()
    client.settimeout(pause)
    with contextlib.suppress(TimeoutError):
        while piece := client.recv(2**16):
            received += piece
    return bytes(received)


def request(path: str, *, method: str = "GET", fields: str = "", body: bytes = b"", close: bool = True) -> bytes:
    """A plain request."""
    lines = f"{method} {path} HTTP/1.1\r\nHost: app\r\n{fields}"
    lines += f"Content-Length: {len(body)}\r\n" if body else ""
    lines += "Connection: close\r\n" if close else ""
    return lines.encode() + b"\r\n" + body


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of a request that has a Content-Length or none."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((line[15:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), b"0")
    return head, await reader.readexactly(int(length))


def answer(body: bytes, status: str = "200 OK", fields: str = "Content-Type: application/json\r\n") -> bytes:
    return f"HTTP/1.1 {status}\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body
