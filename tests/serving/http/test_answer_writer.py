"""Answers as a client sees them that reads fast, slowly or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from roadsigns.serving.http.answer_writer import MIN_RATE, AnswerWriter
from roadsigns.serving.http.messages import Answer


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
