"""The proxy over real sockets, before model servers that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import peers
from peers import SHORT, answer, request, send
from roadsigns.app.server import LIMITS

App = Callable[..., int]
PREDICT = "/v1/models/roadsigns_model:predict"


def split(received: bytes) -> tuple[bytes, bytes]:
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body


def error_of(received: bytes) -> tuple[int, str]:
    """Status and text of an answer that is an error of the app's own, and nothing after it."""
    head, body = split(received)
    assert b"content-type: application/json" in head.lower()
    assert head.count(b"HTTP/1.1") == 1
    assert int(head.lower().partition(b"content-length: ")[2].split()[0]) == len(body)
    (text,) = json.loads(body).values()
    return int(head.split()[1]), text


def constant(*pieces: bytes, pause: float = 0.0) -> peers.Handler:
    """A backend that reads a request, sends the pieces and ends the connection."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peers.read_request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return handler


def test_a_request_arrives_as_it_was_sent(app: App, echo: peers.Handler) -> None:
    body = json.dumps({"inputs": {"x": [0.5]}}).encode()
    fields = "Content-Type: text/odd\r\nX-Mine: 1\r\nConnection: x-secret\r\nX-Secret: 2\r\nAccept-Encoding: br\r\n"
    head, got = split(
        send(app(echo), request(PREDICT + "?a=b%2Fc", method="POST", fields=fields, body=body, close=False))
    )
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    inner, inner_body = split(got)
    assert inner.startswith(f"POST {PREDICT}?a=b%2Fc HTTP/1.1\r\nHost: 127.0.0.1:".encode())
    assert b"X-Mine: 1" in inner and b"text/odd" in inner and b"Accept-Encoding: br" in inner
    assert b"ecret" not in inner and b"Connection" not in inner
    assert inner_body == body


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "404 Not Found", "503 Busy", "299 Odd But True"])
def test_status_and_body_come_back_untouched(app: App, status: str) -> None:
    packed = gzip.compress(b'{"outputs": [NaN]}')
    head, body = split(
        send(app(constant(answer(packed, status, "Content-Encoding: gzip\r\nKeep-Alive: 3\r\n"))), request(PREDICT))
    )
    assert head.startswith(f"HTTP/1.1 {status}\r\n".encode()) and body == packed
    assert b"Content-Encoding: gzip" in head and b"Keep-Alive" not in head


def test_html_of_the_model_server_is_inert(app: App) -> None:
    """It comes back as it is, but as a page of the app's origin it may not run anything."""
    html = b"<script>alert(1)</script>"
    fields = "Content-Type: text/html\r\nContent-Security-Policy: script-src *\r\n"
    head, body = split(send(app(constant(answer(html, fields=fields))), request(PREDICT)))
    assert body == html and head.count(b"Content-Security-Policy") == 1
    assert b"default-src 'none'; sandbox" in head and b"nosniff" in head


def test_head_has_no_body(app: App) -> None:
    head, body = split(
        send(app(constant(b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n")), request(PREDICT, method="HEAD"))
    )
    assert b"Content-Length: 77" in head and body == b""


def test_twenty_megabytes_come_back(app: App) -> None:
    large = bytes(range(256)) * 80_000
    head, body = split(send(app(constant(answer(large)), LIMITS), request(PREDICT)))
    assert b"Content-Length: 20480000" in head and body == large


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX: trailer\r\n\r\n"
)


def test_a_chunked_answer_comes_back_whole(app: App) -> None:
    head, body = split(send(app(constant(CHUNKED)), request(PREDICT)))
    assert b"Content-Length: 11" in head and b"chunked" not in head and body == b"hello world"


def test_a_chunked_answer_that_takes_its_time_comes_back_chunked(app: App) -> None:
    head, body = split(send(app(constant(CHUNKED[:60], CHUNKED[60:], pause=0.2)), request(PREDICT)))
    assert b"Transfer-Encoding: chunked" in head and body == b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"


def test_a_chunked_answer_to_http_1_0_ends_with_the_connection(app: App) -> None:
    head, body = split(send(app(constant(CHUNKED)), b"GET /v1/x HTTP/1.0\r\n\r\n"))
    assert b"chunked" not in head and body == b"hello world"


def test_an_answer_that_ends_with_the_connection(app: App) -> None:
    head, body = split(send(app(constant(b"HTTP/1.0 200 OK\r\n\r\nall of it")), request(PREDICT)))
    assert b"Transfer-Encoding: chunked" in head and body == b"9\r\nall of it\r\n0\r\n\r\n"


def test_interim_answers_are_dropped(app: App) -> None:
    head, body = split(send(app(constant(b"HTTP/1.1 100 Continue\r\n\r\n", answer(b"{}"))), request(PREDICT)))
    assert head.startswith(b"HTTP/1.1 200") and body == b"{}"


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 1_000_000])
def test_a_body_of_any_size_goes_through(app: App, echo: peers.Handler, size: int) -> None:
    body = b"x" * size
    received = send(app(echo), request(PREDICT, method="POST", fields="Content-Length: 0\r\n" * (not size), body=body))
    assert split(split(received)[1])[1] == body


def test_a_chunked_body_goes_through_whole(app: App, echo: peers.Handler) -> None:
    start = request(PREDICT, method="POST", fields="Transfer-Encoding: chunked\r\n")
    received = send(app(echo), start, b"3\r\nabc\r\n", b"2;x=y\r\nde\r\n", b"0\r\nT: 1\r\n\r\n")
    head, body = split(split(received)[1])
    assert body == b"abcde" and b"Content-Length: 5" in head and b"chunked" not in head


def test_expect_continue_is_met(app: App, echo: peers.Handler) -> None:
    port = app(echo)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(request(PREDICT, method="POST", fields="Expect: 100-continue\r\nContent-Length: 2\r\n"))
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")
        received = peers.receive(client)
    assert received.startswith(b"HTTP/1.1 200") and b"Expect" not in received


def test_an_early_answer_does_not_wait_for_the_body(app: App) -> None:
    """A model server that refuses a large body without reading it."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b'{"error": "too much"}', "413 Too Large"))
        await writer.drain()
        await asyncio.sleep(2)

    start = time.monotonic()
    head, body = split(send(app(handler, LIMITS), request(PREDICT, method="POST", body=b"x" * 20_000_000)))
    assert head.startswith(b"HTTP/1.1 413 Too Large") and body == b'{"error": "too much"}'
    assert time.monotonic() - start < 2


def test_connections_are_used_again(app: App) -> None:
    connections = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        while True:
            await peers.read_request(reader)
            writer.write(answer(b"{}"))

    port = app(handler)
    received = send(port, request(PREDICT, close=False) * 3, request(PREDICT))
    assert received.count(b"HTTP/1.1 200") == 4 and len(connections) == 1
    assert send(port, request(PREDICT)).startswith(b"HTTP/1.1 200") and len(connections) == 1


def test_a_connection_that_the_model_server_has_closed_is_replaced(app: App) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, body = await peers.read_request(reader)
        writer.write(answer(body))
        await reader.readuntil(b"\r\n\r\n")  # takes a second request and leaves

    port = app(handler)
    for text in (b"one", b"two", b"three"):
        assert split(send(port, request(PREDICT, method="POST", body=text)))[1] == text


@pytest.mark.parametrize(
    ("handler", "status", "text"),
    [
        (constant(), 502, "closed the connection before its answer"),
        (constant(b"HTTP/1.1 200 OK\r\nContent-Le"), 502, "closed the connection before its answer"),
        (constant(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), 502, "closed the connection in its answer"),
        (constant(b"<html>hello</html>\r\n\r\n"), 502, "did not answer as HTTP"),
        (
            constant(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            502,
            "did not answer as HTTP",
        ),
        (constant(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000), 502, "did not answer as HTTP"),
        (constant(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), 502, "as HTTP"),
        (constant(b"", pause=3), 504, "did not answer in 1.2 s"),
        (constant(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", pause=3), 504, "stopped sending for 1.2 s"),
    ],
)
def test_a_failing_model_server_is_told_of(app: App, handler: peers.Handler, status: int, text: str) -> None:
    got_status, got = error_of(send(app(handler), request(PREDICT)))
    assert got_status == status and got.startswith("The model server at 127.0.0.1:") and text in got


def test_a_model_server_that_is_down_is_told_of(app: App) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    assert error_of(send(app(address), request(PREDICT))) == (
        502,
        f"The model server at {address} cannot be reached: Connection refused",
    )


def test_a_host_without_address_is_told_of(app: App) -> None:
    status, text = error_of(send(app("no-such-host.invalid:80"), request(PREDICT)))
    assert status in (502, 504) and "no-such-host.invalid:80" in text


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"half"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhel"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\nzz\r\n"],
    ],
)
def test_an_answer_that_breaks_off_does_not_look_whole(app: App, pieces: list[bytes]) -> None:
    try:
        _, body = split(send(app(constant(*pieces)), request(PREDICT)))
    except ConnectionResetError:
        return
    assert not body.endswith(b"0\r\n\r\n") and (len(body) < 100 or b"did not answer as HTTP" in body)


IN_CHUNKS = b"POST /v1/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
SMUGGLED = {
    "both lengths": IN_CHUNKS.replace(b"Host", b"Content-Length: 4\r\nHost") + b"0\r\n\r\nGET /v1/y HTTP/1.1\r\n\r\n",
    "chunk without size": IN_CHUNKS + b"\r\n\r\n",
    "negative chunk": IN_CHUNKS + b"-1\r\n\r\n",
    "chunk in 0x": IN_CHUNKS + b"0x3\r\nabc\r\n0\r\n\r\n",
    "huge chunk": IN_CHUNKS + b"" + b"f" * 17 + b"\r\n",
    "long chunk": IN_CHUNKS + b"3\r\nabcdef\r\n0\r\n\r\n",
    "chunk ended by a line feed": IN_CHUNKS + b"3\nabc\r\n0\r\n\r\n",
    "absolute target": b"GET http://elsewhere.invalid/v1/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT": b"CONNECT elsewhere.invalid:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("sent", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_what_two_servers_could_read_differently_is_refused(app: App, sent: bytes) -> None:
    asked = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            asked.append(line)

    status, _ = error_of(send(app(handler), sent))
    assert status == 400
    # At most the head of the request whose body turned out bad has left, and never its end.
    assert b"0\r\n" not in asked and not [line for line in asked if b"/v1/y" in line]


@pytest.mark.parametrize(
    "path", ["/v1/../healthz", "/v1/%2e%2e/metrics", "/v1/..%2fx", "/v1/a/./b", r"/v1/..\x", "/v1/%2E./x"]
)
def test_a_path_does_not_climb_out_of_v1(app: App, echo: peers.Handler, path: str) -> None:
    assert error_of(send(app(echo), request(path)))[0] == 404


@pytest.mark.parametrize(
    "path", ["//elsewhere.invalid/v1/x", "/v1x", "/V1/models", "/v1%2fmodels", "/@elsewhere.invalid/v1"]
)
def test_other_paths_do_not_reach_the_model_server(app: App, echo: peers.Handler, path: str) -> None:
    assert error_of(send(app(echo), request(path)))[0] == 404


def test_a_host_field_changes_nothing(app: App, echo: peers.Handler) -> None:
    received = send(app(echo), b"GET /v1/x HTTP/1.1\r\nHost: elsewhere.invalid\r\nConnection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200") and b"elsewhere" not in received


def test_a_long_head_is_refused(app: App, echo: peers.Handler) -> None:
    port = app(echo)
    assert error_of(send(port, request("/v1/x", fields="X: " + "y" * 70_000 + "\r\n")))[0] == 431
    assert error_of(send(port, b"GET /" + b"x" * 200_000))[0] == 431


async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A backend that reads for ever."""
    while await reader.read(2**16):
        pass


def test_a_large_body_is_refused(app: App) -> None:
    port = app(swallow)
    announced = request(PREDICT, method="POST", fields="Expect: 100-continue\r\nContent-Length: 1048577\r\n")
    assert error_of(send(port, announced)) == (413, "The body is larger than 1048576 bytes")
    chunk = b"80000\r\n" + b"x" * 0x80000 + b"\r\n"
    start = request(PREDICT, method="POST", fields="Transfer-Encoding: chunked\r\n")
    assert error_of(send(port, start, chunk, chunk, b"1\r\nx\r\n0\r\n\r\n"))[0] == 413


def test_slow_clients_are_left(app: App) -> None:
    port = app(swallow)
    for sent in (b"", b"GET / HTT"):
        with socket.create_connection(("127.0.0.1", port)) as client:
            start = time.monotonic()
            client.sendall(sent)
            received = peers.receive(client, pause=5)
            assert (error_of(received)[0] == 408 if sent else received == b"") and 1 < time.monotonic() - start < 10
    for fields in ("Content-Length: 10\r\n", "Content-Length: 100000\r\n", "Transfer-Encoding: chunked\r\n"):
        assert error_of(send(port, request(PREDICT, method="POST", fields=fields)))[0] == 408


def test_a_client_that_leaves_harms_nobody(app: App, echo: peers.Handler) -> None:
    port = app(echo)
    for length in (10, 100_000):
        start = request(PREDICT, method="POST", fields=f"Content-Length: {length}\r\n")
        assert send(port, start, b"abc", end=True) == b""
    assert send(port, request(PREDICT)).startswith(b"HTTP/1.1 200")


def test_silent_clients_take_nobody_the_room(app: App, echo: peers.Handler) -> None:
    """The longest idle goes."""
    port = app(echo, LIMITS)
    with contextlib.ExitStack() as lines:
        for _ in range(LIMITS.connections):
            lines.enter_context(socket.create_connection(("127.0.0.1", port)))
        for _ in range(3):
            assert send(port, request(PREDICT)).startswith(b"HTTP/1.1 200")


def test_a_surplus_of_the_model_server_is_nobodys_answer(app: App) -> None:
    """Whether it comes with an answer or after it."""

    def surplus(pause: float) -> peers.Handler:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                await peers.read_request(reader)
                writer.write(answer(b"{}"))
                if pause:
                    await writer.drain()
                    await asyncio.sleep(pause)
                writer.write(answer(b"another's"))

        return handler

    for pause in (0.0, 0.05):
        port = app(surplus(pause))
        for _ in range(10):
            assert split(send(port, request(PREDICT)))[1] == b"{}"
            time.sleep(2 * pause)


def test_a_proxy_of_the_surroundings_is_not_asked(
    app: App, echo: peers.Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(app(echo), request(PREDICT)).startswith(b"HTTP/1.1 200")


def test_stopping_lets_an_answer_finish(loop: peers.Loop, folder) -> None:
    handler = constant(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"{}", pause=0.4)
    server, port = peers.start_app(loop, peers.start_backend(loop, handler), folder, SHORT)
    with socket.create_connection(("127.0.0.1", port)) as client, socket.create_connection(("127.0.0.1", port)) as idle:
        client.sendall(request(PREDICT, close=False))
        time.sleep(0.2)
        loop.run(server.stop())
        assert peers.receive(client).endswith(b"{}") and peers.receive(idle) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@given(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"",
            b"GET /v1/x HTTP/1.1\r\nHost: a\r\n",
            b"POST /v1/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n",
        ]
    ),
)
def test_any_bytes_get_an_answer_or_none(any_bytes_port: int, text: bytes, start: bytes) -> None:
    received = send(any_bytes_port, start + text, end=True)
    assert received == b"" or received.startswith(b"HTTP/1.1 ")


@pytest.fixture(scope="module")
def any_bytes_port(loop: peers.Loop, folder):
    server, port = peers.start_app(loop, peers.start_backend(loop, constant(answer(b"{}"))), folder, SHORT)
    yield port
    loop.run(server.stop())
