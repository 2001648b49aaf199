"""Answers as a client sees them that reads fast, slowly or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from roadsigns.serving.http.answer import MIN_RATE, Answer, AnswerWriter


class Line:
    """Stands in for a transport."""

    def __init__(self) -> None:
        self.written = b""
        self.taken = 0

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return len(self.written) - self.taken


async def pieces() -> AsyncGenerator[bytes, None]:
    for piece in (b"ab", b"", b"cde"):
        yield piece


def written(make: Callable[[], Answer], **how: Any) -> bytes:
    async def run() -> bytes:
        line = Line()
        await AnswerWriter(line).write(make(), **{"keep": True, "version": "1.1", "date": "d", **how})  # type: ignore[arg-type]
        return line.written.partition(b"\r\n\r\n")[2]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("make", "how", "body"),
    [
        (lambda: Answer(200, b"abcde"), {}, b"abcde"),
        (lambda: Answer(200, b"abcde"), {"bodiless": True}, b""),
        (lambda: Answer(200, pieces()), {}, b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"),
        (lambda: Answer(200, pieces()), {"bodiless": True}, b""),
        (lambda: Answer(200, pieces()), {"version": "1.0"}, b"abcde"),
        (lambda: Answer(200, pieces(), length=5), {}, b"abcde"),
    ],
)
def test_a_body_is_written_as_its_head_says(make: Callable[[], Answer], how: dict[str, Any], body: bytes) -> None:
    assert written(make, **how) == body


def test_nothing_more_is_written_until_the_client_has_read() -> None:
    async def run() -> None:
        line = Line()
        writer = AnswerWriter(line)  # type: ignore[arg-type]
        writer.pause()
        writing = asyncio.create_task(writer.write(Answer(200, pieces(), length=5), keep=True, version="1.1", date="d"))
        await asyncio.sleep(0.01)
        assert line.written.endswith(b"\r\n\r\nab") and writer.blocked and not writing.done()
        writer.resume()
        await writing
        assert line.written.endswith(b"\r\n\r\nabcde") and not writer.blocked

    asyncio.run(run())


def test_a_client_keeps_up_that_reads_at_the_least_rate() -> None:
    line = Line()
    writer = AnswerWriter(line)  # type: ignore[arg-type]
    line.write(bytes(10 * MIN_RATE))
    writer.watch()
    line.taken = 2 * MIN_RATE - 1
    assert not writer.keeps_up(2)
    line.taken += 1
    assert writer.keeps_up(2) and writer.unsent == 8 * MIN_RATE


HEADS = {
    "whole": (Answer(200, b"{}"), "1.1", True, b"Content-Type: application/json\r\nContent-Length: 2\r\nDate: d\r\n"),
    "last": (
        Answer(200, b"", ""),
        "1.1",
        False,
        b"Content-Length: 0\r\nDate: d\r\nConnection: close\r\n",
    ),
    "kept by HTTP/1.0": (
        Answer(200, b"", ""),
        "1.0",
        True,
        b"Content-Length: 0\r\nDate: d\r\nConnection: keep-alive\r\n",
    ),
    "left out": (Answer(200, b"", "", length=77), "1.1", True, b"Content-Length: 77\r\nDate: d\r\n"),
    "in pieces": (Answer(200, pieces(), "", length=2), "1.1", True, b"Content-Length: 2\r\nDate: d\r\n"),
    "endless": (Answer(200, pieces(), ""), "1.1", True, b"Transfer-Encoding: chunked\r\nDate: d\r\n"),
    "endless in HTTP/1.0": (Answer(200, pieces(), ""), "1.0", False, b"Date: d\r\nConnection: close\r\n"),
    "more headers": (Answer(200, b"", "", "A: b\r\n"), "1.1", True, b"Content-Length: 0\r\nDate: d\r\nA: b\r\n"),
}


@pytest.mark.parametrize(("answer", "version", "keep", "lines"), HEADS.values(), ids=HEADS.keys())
def test_a_head_says_where_the_body_ends(answer: Answer, version: str, keep: bool, lines: bytes) -> None:
    assert answer.head(keep=keep, version=version, date="d") == b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_no_length(status: int) -> None:
    assert b"Length" not in Answer(status, b"", "").head(keep=True, version="1.1", date="d")


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (Answer(299, phrase="Odd But True"), b"HTTP/1.1 299 Odd But True\r\n"),
        (Answer(299), b"HTTP/1.1 299 \r\n"),
        (Answer(499), b"HTTP/1.1 499 Client Closed Request\r\n"),
    ],
)
def test_a_status_has_its_words(answer: Answer, line: bytes) -> None:
    assert answer.head(keep=True, version="1.1", date="d").startswith(line)
