from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns.app.heads import (
    CHUNKED,
    MAX_FIELDS,
    NO_BODY,
    UNTIL_CLOSE,
    Framing,
    MalformedError,
    read_answer,
    read_request,
)

HOST = b"Host: app\r\n"


def head(start: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join([start, *lines]) + b"\r\n\r\n"


BAD_REQUESTS = {
    "no version": head(b"GET /", b"Host: a"),
    "HTTP/2.0": head(b"GET / HTTP/2.0", b"Host: a"),
    "two spaces": head(b"GET  / HTTP/1.1", b"Host: a"),
    "tab": head(b"GET\t/ HTTP/1.1", b"Host: a"),
    "space in the target": head(b"GET /a b HTTP/1.1", b"Host: a"),
    "not ASCII in the target": head("GET /ä HTTP/1.1".encode(), b"Host: a"),
    "method with a slash": head(b"GE/T / HTTP/1.1", b"Host: a"),
    "nothing": b"\r\n\r\n",
    "no host": head(b"GET / HTTP/1.1"),
    "two hosts": head(b"GET / HTTP/1.1", b"Host: a", b"Host: b"),
    "folded field": head(b"GET / HTTP/1.1", b"Host: a", b"X: 1", b" 2"),
    "space before the colon": head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length : 3"),
    "no colon": head(b"GET / HTTP/1.1", b"Host: a", b"X"),
    "empty name": head(b"GET / HTTP/1.1", b"Host: a", b": 1"),
    "bare line feed": head(b"GET / HTTP/1.1", b"Host: a\nContent-Length: 3"),
    "bare carriage return": head(b"GET / HTTP/1.1", b"Host: a", b"X: 1\rY: 2"),
    "NUL": head(b"GET / HTTP/1.1", b"Host: a", b"X: \0"),
    "both lengths": head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: 3", b"Transfer-Encoding: chunked"),
    "two lengths": head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: 3", b"Content-Length: 3"),
    "listed lengths": head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: 3, 3"),
    "signed length": head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: +3"),
    "negative length": head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: -3"),
    "length in words": head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: three"),
    "empty length": head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length:"),
    "length in hexadecimal": head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: 0x3"),
    "endless length": head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: " + b"9" * 5000),
    "unknown coding": head(b"POST / HTTP/1.1", b"Host: a", b"Transfer-Encoding: gzip, chunked"),
    "coding misspelt": head(b"POST / HTTP/1.1", b"Host: a", b"Transfer-Encoding: xchunked"),
    "two codings": head(b"POST / HTTP/1.1", b"Host: a", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    "coding in HTTP/1.0": head(b"POST / HTTP/1.0", b"Host: a", b"Transfer-Encoding: chunked"),
    "too many fields": head(b"GET / HTTP/1.1", b"Host: a", *[b"X: 1"] * MAX_FIELDS),
}


@pytest.mark.parametrize("text", BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_read_request_refuses(text: bytes) -> None:
    with pytest.raises(MalformedError):
        read_request(text)


def test_read_request_reads() -> None:
    request = read_request(b"\r\n" + head(b"POST /v1/x?y=%20 HTTP/1.1", b"Host:\t app ", b"X-Two: 1", b"x-two: 2"))
    assert (request.method, request.target, request.modern, request.framing) == (b"POST", "/v1/x?y=%20", True, NO_BODY)
    assert request.values == {b"host": b"app", b"x-two": b"1, 2"}


@pytest.mark.parametrize(
    ("line", "framing"),
    [
        (b"Content-Length: 0", Framing(0)),
        (b"content-length: 0012", Framing(12)),
        (b"Transfer-Encoding: Chunked", CHUNKED),
        (b"X: 1", NO_BODY),
    ],
)
def test_read_request_finds_the_bodys_end(line: bytes, framing: Framing) -> None:
    assert read_request(head(b"POST / HTTP/1.1", b"Host: a", line)).framing == framing


@pytest.mark.parametrize(
    ("start", "lines", "keeps"),
    [
        (b"GET / HTTP/1.1", [], True),
        (b"GET / HTTP/1.1", [b"Connection: Close"], False),
        (b"GET / HTTP/1.1", [b"Connection: x, close"], False),
        (b"GET / HTTP/1.0", [], False),
        (b"GET / HTTP/1.0", [b"Connection: Keep-Alive"], True),
    ],
)
def test_a_connection_persists(start: bytes, lines: list[bytes], keeps: bool) -> None:
    assert read_request(head(start, b"Host: a", *lines)).persistent is keeps


def test_fields_of_one_connection_are_not_passed_on() -> None:
    lines = [
        b"Host: a",
        b"Connection: X-Mine, keep-alive",
        b"X-Mine: 1",
        b"Keep-Alive: 5",
        b"TE: trailers",
        b"Upgrade: h2c",
    ]
    lines += [
        b"Proxy-Authorization: x",
        b"Trailer: y",
        b"Content-Length: 0",
        b"Expect: 100-continue",
        b"ACCEPT:  z ",
        b"X: 1",
    ]
    assert read_request(head(b"GET / HTTP/1.1", *lines)).passed_on() == b"ACCEPT:  z \r\nX: 1\r\n"


@pytest.mark.parametrize(
    ("start", "line", "method", "framing"),
    [
        (b"HTTP/1.1 200 OK", b"Content-Length: 5", b"GET", Framing(5)),
        (b"HTTP/1.1 200 ", b"Transfer-Encoding: chunked", b"GET", CHUNKED),
        (b"HTTP/1.0 200", b"X: 1", b"GET", UNTIL_CLOSE),
        (b"HTTP/1.1 200 OK", b"Content-Length: 5", b"HEAD", NO_BODY),
        (b"HTTP/1.1 204 No Content", b"X: 1", b"GET", NO_BODY),
        (b"HTTP/1.1 304 Not Modified", b"Content-Length: 5", b"GET", NO_BODY),
    ],
)
def test_read_answer_finds_the_bodys_end(start: bytes, line: bytes, method: bytes, framing: Framing) -> None:
    assert read_answer(head(start, line), method).framing == framing


@pytest.mark.parametrize("start", [b"HTTP/1.1 20 OK", b"HTTP/1.1 2000", b"ICY 200 OK", b"HTTP/1.1 200 \x01", b"<html>"])
def test_read_answer_refuses(start: bytes) -> None:
    with pytest.raises(MalformedError):
        read_answer(head(start), b"GET")


@given(st.binary(max_size=200))
def test_read_request_refuses_or_reads(text: bytes) -> None:
    try:
        request = read_request(text + b"\r\n\r\n")
    except MalformedError:
        return
    assert b"\n" not in request.start[0] and all(b"\n" not in line and b"\0" not in line for _, line in request.lines)
