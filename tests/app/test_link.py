"""Answers of a model server, byte by byte: where they end, and whether the connection may be used again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roadsigns.app.link import Link

OK = b"HTTP/1.1 200 OK\r\n"


class Line:
    """Stands in for a transport."""

    def __init__(self) -> None:
        self.aborted = False
        self.paused = False

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


def receive(verb: str, *data: bytes, ends: bool = False) -> tuple[Link, Line, bytes | None]:
    """What comes of an answer: the link, its transport and the body, None if there is none or it breaks off."""

    async def run() -> tuple[Link, Line, bytes | None]:
        link, line = Link(asyncio.get_running_loop()), Line()
        link.connection_made(line)  # type: ignore[arg-type]
        link.begin(verb)
        link.sent = True
        for each in data:
            link.data_received(each)
        if ends:
            link.connection_lost(None)
        try:
            return link, line, b"".join([piece async for piece in link.pieces(0.01)])
        except (ConnectionError, TimeoutError):
            return link, line, None

    return asyncio.run(run())


ANSWERS: dict[str, tuple[str, list[bytes], bool, bytes | None, bool]] = {
    "length": ("GET", [OK + b"Content-Length: 2\r\n\r\n{}"], False, b"{}", True),
    "byte by byte": ("GET", [bytes([each]) for each in OK + b"Content-Length: 2\r\n\r\n{}"], False, b"{}", True),
    "chunks": ("GET", [OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"], False, b"a", True),
    "HEAD": ("HEAD", [OK + b"Content-Length: 77\r\n\r\n"], False, b"", True),
    "304": ("GET", [b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"], False, b"", True),
    "interim": ("GET", [b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx"], False, b"x", True),
    "until the end": ("GET", [OK + b"\r\nall"], True, b"all", False),
    "no end": ("GET", [OK + b"\r\nall"], False, None, False),
    "cut": ("GET", [OK + b"Content-Length: 5\r\n\r\nall"], True, None, False),
    "close": ("GET", [OK + b"Connection: close\r\nContent-Length: 1\r\n\r\nx"], False, b"x", False),
    "HTTP/1.0": ("GET", [b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"], False, b"x", False),
    "a second answer": ("GET", [(OK + b"Content-Length: 1\r\n\r\nx") * 2], False, b"x", False),
    "a second answer later": ("GET", [OK + b"Content-Length: 1\r\n\r\nx"] * 2, False, b"x", False),
    "nonsense behind it": ("GET", [OK + b"Content-Length: 1\r\n\r\nx!"], False, b"x", False),
    "a body after HEAD": ("HEAD", [OK + b"Content-Length: 1\r\n\r\nx"], False, b"", False),
    "two lengths": ("GET", [OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"], False, None, False),
    "both lengths": ("GET", [OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx"], False, None, False),
    "no HTTP": ("GET", [b"<html>"], False, None, False),
    "endless head": ("GET", [OK + b"X: " + b"y" * 70_000], False, None, False),
}


@pytest.mark.parametrize(("verb", "data", "ends", "body", "reusable"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_ends_where_it_should(verb: str, data: Any, ends: bool, body: bytes | None, reusable: bool) -> None:
    link, line, got = receive(verb, *data, ends=ends)
    assert got == body
    assert link.reusable is reusable
    assert not line.aborted or not reusable


def test_an_answer_is_read_no_faster_than_it_is_taken() -> None:
    async def run() -> None:
        link, line = Link(asyncio.get_running_loop()), Line()
        link.connection_made(line)  # type: ignore[arg-type]
        link.begin("GET")
        link.data_received(OK + b"Content-Length: 200000\r\n\r\n" + bytes(100_000))
        assert line.paused
        pieces = link.pieces(1)
        await anext(pieces)
        assert not line.paused
        await pieces.aclose()

    asyncio.run(run())
