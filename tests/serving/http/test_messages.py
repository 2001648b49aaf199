"""The head of an answer, by hand."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from roadsigns.serving.http.messages import Answer


async def pieces() -> AsyncGenerator[bytes, None]:
    yield b"ab"


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
