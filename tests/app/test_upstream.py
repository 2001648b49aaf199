"""The model server behind the proxy: connections kept, asked again, and what each failure is called."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from roadsigns.app.upstream import Patience, Upstream
from roadsigns.errors import HttpError

HEAD = b"GET /v1 HTTP/1.1\r\nHost: m\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
QUICK = Patience(1.0, 0.2, 0.2)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


def asked(handler: Handler, times: int = 1, body: bytes = b"") -> tuple[list[bytes], int]:
    """The answers to some requests in turn, and how many connections they took."""

    async def run() -> tuple[list[bytes], int]:
        lines: list[asyncio.StreamWriter] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines.append(writer)
            await handler(reader, writer, len(lines))
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        upstream = Upstream(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", QUICK)
        answers = []
        try:
            for _ in range(times):
                link = await upstream.ask("GET", HEAD, body)
                answers.append(b"".join([piece async for piece in upstream.pieces(link)]))
        finally:
            upstream.close()
            server.close()
            for line in lines:
                line.transport.abort()
            await asyncio.sleep(0.01)
        return answers, len(lines)

    return asyncio.run(run())


async def request(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def test_a_connection_is_used_again() -> None:
    async def answer(reader: Any, writer: Any, _: int) -> None:
        for _ in range(3):
            await request(reader)
            writer.write(OK)

    assert asked(answer, 3) == ([b"ok"] * 3, 1)


def test_a_request_is_sent_once_more_where_a_kept_connection_has_just_ended() -> None:
    async def answer(reader: Any, writer: Any, _: int) -> None:
        await request(reader)
        writer.write(OK)
        await writer.drain()
        await reader.read(1)  # the next request is read, and the connection ends without an answer

    assert asked(answer, 2) == ([b"ok"] * 2, 2)


async def silent(reader: Any, writer: Any, _: int) -> None:
    await asyncio.sleep(5)


async def gone(reader: Any, writer: Any, _: int) -> None:
    await request(reader)


async def nonsense(reader: Any, writer: Any, _: int) -> None:
    writer.write(b"SSH-2.0-x\r\n\r\n")
    await asyncio.sleep(1)


async def half(reader: Any, writer: Any, _: int) -> None:
    await request(reader)
    writer.write(OK[:-1])


async def stuck(reader: Any, writer: Any, _: int) -> None:
    await request(reader)
    writer.write(OK[:-1])
    await asyncio.sleep(5)


@pytest.mark.parametrize(
    ("handler", "status", "message"),
    [
        (silent, 504, "did not answer in 0.2 s"),
        (gone, 502, "closed the connection before its answer"),
        (nonsense, 502, "did not answer as HTTP"),
        (half, 502, "closed the connection in its answer"),
        (stuck, 504, "stopped sending for 0.2 s"),
    ],
)
def test_a_failure_says_what_the_model_server_did(handler: Handler, status: int, message: str) -> None:
    with pytest.raises(HttpError, match=message) as failed:
        asked(handler)
    assert failed.value.status == status


def test_nobody_at_the_address_is_a_502() -> None:
    async def run() -> None:
        await Upstream("127.0.0.1:9", QUICK).ask("GET", HEAD, b"")

    with pytest.raises(HttpError, match=r"The model server at 127\.0\.0\.1:9 cannot be reached: Connection refused"):
        asyncio.run(run())
