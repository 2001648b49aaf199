"""What is a request, byte by byte."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronts import LIMITS
from roadsigns.serving.http.request import HeldBytes, Request, RequestReader


def reader(**limits: int) -> RequestReader:
    return RequestReader(dataclasses.replace(LIMITS, **limits), HeldBytes())


def read(data: bytes) -> list[Request]:
    made = reader()
    requests = made.feed(data)
    assert made.refusal is None, made.refusal
    return requests


def head(start: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join([start, *lines]) + b"\r\n\r\n"


BAD = {
    "HTTP/2.0": (505, head(b"GET / HTTP/2.0", b"Host: a")),
    "tab": (400, head(b"GET\t/ HTTP/1.1", b"Host: a")),
    "space in the target": (400, head(b"GET /a b HTTP/1.1", b"Host: a")),
    "not ASCII in the target": (400, head("GET /ä HTTP/1.1".encode(), b"Host: a")),
    "method with a slash": (400, head(b"GE/T / HTTP/1.1", b"Host: a")),
    "no host": (400, head(b"GET / HTTP/1.1")),
    "two hosts": (400, head(b"GET / HTTP/1.1", b"Host: a", b"Host: b")),
    "the same host twice": (400, head(b"GET / HTTP/1.1", b"Host: a", b"Host: a")),
    "two hosts in HTTP/1.0": (400, head(b"GET / HTTP/1.0", b"Host: a", b"Host: b")),
    "another server's target": (400, head(b"GET http://b/ HTTP/1.1", b"Host: a")),
    "folded field": (400, head(b"GET / HTTP/1.1", b"Host: a", b"X: 1", b" 2")),
    "space before the colon": (400, head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length : 3")),
    "no colon": (400, head(b"GET / HTTP/1.1", b"Host: a", b"X")),
    "empty name": (400, head(b"GET / HTTP/1.1", b"Host: a", b": 1")),
    "bare line feed": (400, head(b"GET / HTTP/1.1", b"Host: a\nContent-Length: 3")),
    "bare carriage return": (400, head(b"GET / HTTP/1.1", b"Host: a", b"X: 1\rY: 2")),
    "NUL": (400, head(b"GET / HTTP/1.1", b"Host: a", b"X: \0")),
    "both lengths": (400, head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: 3", b"Transfer-Encoding: chunked")),
    "both lengths, swapped": (
        400,
        head(b"POST / HTTP/1.1", b"Host: a", b"Transfer-Encoding: chunked", b"Content-Length: 3"),
    ),
    "two lengths": (400, head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: 3", b"Content-Length: 3")),
    "listed lengths": (400, head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: 3, 3")),
    "signed length": (400, head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: +3")),
    "length in words": (400, head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: three")),
    "empty length": (400, head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length:")),
    "length in hexadecimal": (400, head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: 0x3")),
    "packed chunks": (501, head(b"POST / HTTP/1.1", b"Host: a", b"Transfer-Encoding: gzip, chunked")),
    "coding misspelt": (501, head(b"POST / HTTP/1.1", b"Host: a", b"Transfer-Encoding: xchunked")),
    "two codings": (
        400,
        head(b"POST / HTTP/1.1", b"Host: a", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    ),
    "coding in HTTP/1.0": (400, head(b"POST / HTTP/1.0", b"Host: a", b"Transfer-Encoding: chunked")),
}


@pytest.mark.parametrize(("status", "sent"), BAD.values(), ids=BAD.keys())
def test_what_two_servers_could_read_differently_is_refused(status: int, sent: bytes) -> None:
    made = reader()
    assert made.feed(sent) == []
    assert made.refusal is not None and made.refusal.status == status, made.refusal


def test_a_request_is_read() -> None:
    [request] = read(b"\r\n" + head(b"POST /v1/x?y=%20 HTTP/1.1", b"Host:\t app ", b"X-Two: 1", b"x-two: 2"))
    assert (request.verb, request.target, request.version, request.body) == ("POST", "/v1/x?y=%20", "1.1", b"")
    assert request.headers == {b"host": b"app", b"x-two": b"1, 2"}
    assert [name for name, _ in request.fields] == [b"Host", b"X-Two", b"x-two"]


@pytest.mark.parametrize(
    ("target", "path"),
    [(b"http://a/v1/x?y=/", "/v1/x?y=/"), (b"http://A", "/"), (b"/x://y", "/x://y"), (b"http://a/b//c", "/b//c")],
)
def test_an_absolute_target_of_this_server_is_a_path(target: bytes, path: str) -> None:
    assert read(head(b"GET " + target + b" HTTP/1.1", b"Host: a"))[0].target == path


@pytest.mark.parametrize(
    ("start", "lines", "keeps"),
    [
        (b"GET / HTTP/1.1", [], True),
        (b"GET / HTTP/1.1", [b"Connection: Close"], False),
        (b"GET / HTTP/1.1", [b"Connection: x, close"], False),
        (b"GET / HTTP/1.1", [b"Connection: upgrade, close", b"Upgrade: h2c"], False),
        (b"GET / HTTP/1.1", [b"Connection: upgrade", b"Upgrade: h2c"], True),
        (b"GET / HTTP/1.0", [], False),
        (b"GET / HTTP/1.0", [b"Connection: Keep-Alive"], True),
    ],
)
def test_a_connection_persists(start: bytes, lines: list[bytes], keeps: bool) -> None:
    assert read(head(start, b"Host: a", *lines))[0].keep_alive is keeps


@pytest.mark.parametrize(("version", "asks"), [(b"1.1", True), (b"1.0", False)])
def test_who_waits_before_the_body_is_known(version: bytes, asks: bool) -> None:
    made = reader()
    made.feed(head(b"POST / HTTP/" + version, b"Host: a", b"Expect: 100-Continue", b"Content-Length: 1"))
    assert made.asks is asks
    assert [each.body for each in made.feed(b"x")] == [b"x"] and not made.asks


def test_bodies_are_counted_until_somebody_takes_them_off() -> None:
    held = HeldBytes()
    made = RequestReader(LIMITS, held)
    made.feed(head(b"POST / HTTP/1.1", b"Host: a", b"Content-Length: 10") + b"1234567")
    assert held.count == made.body_bytes == 7
    made.drop()
    assert held.count == made.body_bytes == 0


STARTS = [b"", b"GET / HTTP/1.1\r\nHost: a\r\n", head(b"POST / HTTP/1.1", b"Host: a", b"Transfer-Encoding: chunked")]


@given(st.sampled_from(STARTS), st.binary(max_size=200), st.integers(0, 200))
def test_the_pieces_that_bytes_come_in_make_no_difference(start: bytes, text: bytes, cut: int) -> None:
    whole, cut_in_two = reader(), reader()
    sent = start + text
    requests = whole.feed(sent)
    others = cut_in_two.feed(sent[:cut]) if sent[:cut] else []
    others += cut_in_two.feed(sent[cut:]) if sent[cut:] and not cut_in_two.refusal else []
    assert [(each.verb, each.target, each.body) for each in requests] == [
        (each.verb, each.target, each.body) for each in others
    ]
    assert (whole.refusal is None) == (cut_in_two.refusal is None)
