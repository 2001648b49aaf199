"""The connections: what a client may send, in what pieces and how slowly, and what it can do to the others."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import resource
import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from fronts import LIMITS, Front, Model, Models, Reply, answer, post, read_reply, running

GOOD = post(b'{"instances": [1, 2]}')
STATUS = b"GET /v1/models/m HTTP/1.1\r\nHost: h\r\n\r\n"


@contextlib.contextmanager
def talk(front: Front) -> Iterator[tuple[socket.socket, Any]]:
    with front.connect() as line, line.makefile("rb") as stream:
        yield line, stream


def exchange(front: Front, sent: bytes) -> Reply:
    with talk(front) as (line, stream):
        line.sendall(sent)
        return read_reply(stream)


def assert_serves(front: Front, within: float = 5.0) -> None:
    """Others are answered, and soon."""
    start = time.monotonic()
    reply = exchange(front, GOOD)
    assert (reply.status, json.loads(reply.body)) == (200, {"predictions": [2.0, 3.0]})
    assert time.monotonic() - start < within


def assert_ends(line: socket.socket, within: float = 5.0) -> bytes:
    """The server closes; what came before."""
    line.settimeout(within)
    pieces = []
    while piece := line.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def test_an_answer_has_its_headers(front: Front) -> None:
    reply = exchange(front, GOOD)
    assert reply.headers["content-type"] == "application/json"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", reply.headers["date"])
    assert "connection" not in reply.headers


@pytest.mark.parametrize("size", [1, 7, 50])
def test_a_request_may_come_in_pieces(front: Front, size: int) -> None:
    with talk(front) as (line, stream):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(GOOD), size):
            line.sendall(GOOD[start : start + size])
        assert read_reply(stream).body == b'{"predictions":[2.0,3.0]}'


def test_a_connection_lives_on_after_answers_and_errors(front: Front) -> None:
    with talk(front) as (line, stream):
        for sent, status in [(GOOD, 200), (post(b"{"), 400), (post(b"{}", "/v1/models/no:predict"), 404), (GOOD, 200)]:
            line.sendall(sent)
            assert read_reply(stream).status == status


def test_requests_in_a_row_are_answered_in_their_order(front: Front) -> None:
    """Slow ones and quick ones, more than Python could nest calls."""
    with talk(front) as (line, stream):
        line.sendall((GOOD + STATUS * 2) * 700)
        for _ in range(700):
            assert read_reply(stream).body == b'{"predictions":[2.0,3.0]}'
            assert b"AVAILABLE" in read_reply(stream).body
            assert b"AVAILABLE" in read_reply(stream).body


def test_chunks_make_a_body(front: Front) -> None:
    head = b"POST /v1/models/m:predict HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b'e;x=y\r\n{"instances": \r\n8\r\n[1.5, 2]\r\n1\r\n}\r\n0\r\nTrailer: t\r\n\r\n'
    with talk(front) as (line, stream):
        line.sendall(head + chunks + GOOD)
        assert read_reply(stream).body == b'{"predictions":[2.5,3.0]}'
        assert read_reply(stream).body == b'{"predictions":[2.0,3.0]}'


def test_a_client_that_asks_is_told_to_go_on(front: Front) -> None:
    head, body = post(b'{"instances": [1]}', headers="Expect: 100-continue\r\n").split(b"\r\n\r\n")
    with talk(front) as (line, stream):
        line.sendall(head + b"\r\n\r\n")
        assert stream.readline() + stream.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(body)
        assert read_reply(stream).status == 200


def test_a_client_that_asks_before_its_last_answer_is_told_after_it() -> None:
    gate = Gate()
    head, body = post(b'{"instances": [1]}', headers="Expect: 100-continue\r\n").split(b"\r\n\r\n")
    with running(gate.models) as front, talk(front) as (line, stream):
        line.sendall(GOOD)
        wait_for(lambda: front.listener.port.active == 1)
        line.sendall(head + b"\r\n\r\n")
        gate.opened.set()
        assert read_reply(stream).status == 200
        assert stream.readline() + stream.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(body)
        assert read_reply(stream).status == 200


def test_a_client_that_asks_is_told_when_not_to(front: Front) -> None:
    head = b"POST /v1/models/m:predict HTTP/1.1\r\nHost: h\r\nContent-Length: 1000001\r\nExpect: 100-continue\r\n\r\n"
    assert exchange(front, head).status == 413


def test_close_is_honoured(front: Front) -> None:
    with talk(front) as (line, stream):
        line.sendall(STATUS.replace(b"Host: h", b"Host: h\r\nConnection: close"))
        assert read_reply(stream).headers["connection"] == "close"
        assert stream.read() == b""


def test_http_1_0_closes_unless_asked(front: Front) -> None:
    old = STATUS.replace(b"1.1", b"1.0")
    with talk(front) as (line, stream):
        line.sendall(old.replace(b"Host: h", b"Connection: Keep-Alive"))
        assert read_reply(stream).headers["connection"] == "keep-alive"
        line.sendall(old)
        assert read_reply(stream).headers["connection"] == "close"
        assert stream.read() == b""


def test_head_has_no_body(front: Front) -> None:
    with talk(front) as (line, stream):
        line.sendall(STATUS.replace(b"GET", b"HEAD") + STATUS)
        reply = read_reply(stream, bodiless=True)
        assert (reply.status, int(reply.headers["content-length"]) > 0) == (400, True)
        assert read_reply(stream).status == 200


def test_an_upgrade_is_ignored(front: Front) -> None:
    with talk(front) as (line, stream):
        line.sendall(post(b'{"instances": [1, 2]}', headers="Connection: Upgrade\r\nUpgrade: h2c\r\n") + GOOD)
        assert read_reply(stream).status == 200
        assert read_reply(stream).status == 200


def test_a_client_that_sends_no_more_is_answered(front: Front) -> None:
    with talk(front) as (line, stream):
        line.sendall(GOOD * 3)
        line.shutdown(socket.SHUT_WR)
        assert [read_reply(stream).status for _ in range(3)] == [200] * 3
        assert stream.read() == b""


MALFORMED = {
    "nonsense": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400),
    "no version": (b"GET /v1/models/m\r\n\r\n", 505),
    "other version": (b"GET /v1/models/m HTTP/2.0\r\n\r\n", 505),
    "no such verb": (b"FROB /v1/models/m HTTP/1.1\r\n\r\n", 400),
    "two lengths": (GOOD.replace(b"Host: h", b"Host: h\r\nContent-Length: 3"), 400),
    "length and chunks": (GOOD.replace(b"Host: h", b"Host: h\r\nTransfer-Encoding: chunked"), 400),
    "negative length": (b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    "length of letters": (b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: abc\r\n\r\n", 400),
    "length past every number": (
        b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n",
        400,
    ),
    "proxy": (b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "no header": (b"GET / HTTP/1.1\r\nnot a header\r\n\r\n", 400),
    "chunk of letters": (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    "too large": (b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: 1000001\r\n\r\n", 413),
    "too large in chunks": (
        b"POST /v1/models/m:predict HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 16,
        413,
    ),
    "long line": (b"GET /" + b"a" * 70_000, 431),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000, 431),
    "endless trailer": (
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nt: " + b"t" * 70_000,
        431,
    ),
    "endless chunk extension": (
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"t" * 70_000,
        431,
    ),
}


@pytest.mark.parametrize(("sent", "status"), MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_request_is_refused_and_hung_up_on(front: Front, sent: bytes, status: int) -> None:
    with talk(front) as (line, stream):
        line.sendall(GOOD)
        assert read_reply(stream).status == 200
        line.sendall(sent)
        reply = read_reply(stream)
        assert (reply.status, reply.headers["connection"]) == (status, "close")
        assert list(json.loads(reply.body)) == ["error"]
        assert stream.read() == b""
    assert_serves(front)
    assert front.listener.port.held.count == 0 and front.listener.port.active == 0


def test_the_sender_of_a_large_body_reads_why_it_is_refused(front: Front) -> None:
    """It goes on sending, and must not find the line broken before it has read."""
    with talk(front) as (line, stream):
        line.sendall(b"POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(100):
            line.sendall(b" " * 1_000_000)
        assert read_reply(stream).status == 413
    assert_serves(front)


def test_a_length_that_is_too_small_spoils_the_connection_only(front: Front) -> None:
    with talk(front) as (line, stream):
        line.sendall(GOOD.replace(b"Length: 21", b"Length: 19"))
        assert read_reply(stream).status == 400
        assert read_reply(stream).status == 400
        assert stream.read() == b""
    assert_serves(front)


def quick(**limits: Any) -> Any:
    return running(limits=dataclasses.replace(LIMITS, **limits))


def test_what_came_before_nonsense_is_answered() -> None:
    gate = Gate()
    with running(gate.models) as front, talk(front) as (line, stream):
        line.sendall(GOOD * 2 + b"nonsense\r\n\r\n")
        wait_for(lambda: front.listener.port.active == 1)
        gate.opened.set()
        assert [read_reply(stream).status for _ in range(3)] == [200, 200, 400]
        assert stream.read() == b""


@pytest.mark.parametrize("sent", [b"G", STATUS[:-2], GOOD[:-2], b"\r\n"], ids=["verb", "headers", "body", "line"])
def test_a_request_that_does_not_arrive_is_given_up(sent: bytes) -> None:
    with quick(read_seconds=0.3) as front, talk(front) as (line, stream):
        line.sendall(sent)
        assert_serves(front)
        reply = read_reply(stream)
        assert (reply.status, reply.headers["connection"]) == (408, "close")


def test_a_byte_now_and_then_buys_no_time() -> None:
    with quick(read_seconds=0.5) as front, talk(front) as (line, _):
        start = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for byte in post(b" " * 1000):
                line.sendall(bytes([byte]))
                if select.select([line], [], [], 0.05)[0]:
                    break
        assert 0.3 < time.monotonic() - start < 3
        assert_serves(front)


def test_a_large_body_has_more_time() -> None:
    """Five times `read_seconds`, at twice the rate that earns it."""
    body = b'{"instances": [1]}' + b" " * 20_000
    with quick(read_seconds=0.2) as front, talk(front) as (line, stream):
        sent = post(body)
        for start in range(0, len(sent), 1000):
            line.sendall(sent[start : start + 1000])
            time.sleep(0.05)
        assert read_reply(stream).status == 200


def test_an_idle_connection_is_closed() -> None:
    with quick(idle_seconds=0.3, read_seconds=0.4) as front, talk(front) as (line, stream):
        line.sendall(STATUS)
        assert read_reply(stream).status == 200
        start = time.monotonic()
        assert assert_ends(line) == b""
        assert 0.2 < time.monotonic() - start < 2


def test_a_thousand_idle_connections_are_no_burden() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        with running() as front, contextlib.ExitStack() as lines:
            for _ in range(1000):
                lines.enter_context(front.connect())
            assert_serves(front)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_longest_idle_connection_makes_room() -> None:
    with quick(connections=3) as front, contextlib.ExitStack() as lines:
        first, *_ = [lines.enter_context(front.connect()) for _ in range(3)]
        assert_serves(front)
        assert assert_ends(first) == b""


class Gate:
    """Models that answer when they are let."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.models = Models({"m": [Model(answers=self.answer)]})

    def answer(self, name: str, inputs: Any) -> Any:
        assert self.opened.wait(20)
        return answer(name, inputs)


def test_a_client_whose_request_does_not_come_makes_room_too() -> None:
    with quick(connections=3) as front, contextlib.ExitStack() as lines:
        for _ in range(3):
            lines.enter_context(front.connect()).sendall(b"POST / HTTP/1.1\r\n")
        wait_for(lambda: len(front.listener.port.connections) == 3)
        assert_serves(front)


def test_where_nobody_is_idle_the_newest_is_turned_away() -> None:
    gate = Gate()
    with running(gate.models, dataclasses.replace(LIMITS, connections=2)) as front, contextlib.ExitStack() as stack:
        busy = []
        for number in range(2):
            busy.append(stack.enter_context(talk(front)))
            busy[-1][0].sendall(GOOD)
            wait_for(lambda number=number: front.listener.port.active == number + 1)
        with talk(front) as (_, stream):
            assert read_reply(stream).status == 503
        gate.opened.set()
        assert [read_reply(stream).status for _, stream in busy] == [200] * 2


def test_too_many_requests_at_a_time_are_told_to_come_again() -> None:
    gate = Gate()
    with running(gate.models, dataclasses.replace(LIMITS, requests=2)) as front, contextlib.ExitStack() as stack:
        lines = [stack.enter_context(talk(front)) for _ in range(3)]
        for number, (line, _) in enumerate(lines):
            line.sendall(GOOD)
            wait_for(lambda number=number: front.listener.port.active >= min(number + 1, 2))
        assert read_reply(lines[2][1]).status == 503
        gate.opened.set()
        assert [read_reply(stream).status for _, stream in lines[:2]] == [200, 200]
        assert_serves(front)


def test_large_bodies_together_are_limited() -> None:
    """Four may be held at a time; the fifth has to come again."""
    large = post(b'{"instances": [1]}' + b" " * 900_000)
    gate = Gate()
    with running(gate.models) as front, contextlib.ExitStack() as stack:
        lines = [stack.enter_context(talk(front)) for _ in range(5)]
        for number, (line, _) in enumerate(lines):
            line.sendall(large)
            wait_for(lambda number=number: front.listener.port.active >= min(number + 1, 4))
        assert read_reply(lines[4][1]).status == 503
        gate.opened.set()
        assert [read_reply(stream).status for _, stream in lines[:4]] == [200] * 4
        assert_serves(front)
        assert front.listener.port.held.count == 0


def test_the_model_has_its_time_and_no_more() -> None:
    gate = Gate()
    limits = dataclasses.replace(LIMITS, answer_seconds=0.1)
    with running(gate.models, limits) as front, talk(front) as (line, stream):
        line.sendall(GOOD)
        reply = read_reply(stream)
        assert reply.status == 504
        assert json.loads(reply.body) == {"error": "No answer within 0.1 seconds (--rest_api_timeout_in_ms)"}
        line.sendall(STATUS)
        assert read_reply(stream).status == 200, "the connection lives on"
        gate.opened.set()
        wait_for(lambda: gate.models.leased == 0)


def test_a_client_that_leaves_is_forgotten() -> None:
    gate = Gate()
    with running(gate.models) as front:
        for _ in range(20):
            with front.connect() as line:
                line.sendall(GOOD)
        gate.opened.set()  # until its answer cannot be sent, one who sends no more may still be reading
        wait_for(lambda: front.listener.port.active == 0 and gate.models.leased == 0)
        assert_serves(front)


def test_a_client_that_resets_while_the_model_works_is_forgotten_at_once() -> None:
    gate = Gate()
    with running(gate.models) as front:
        with front.connect() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            line.sendall(GOOD)
            wait_for(lambda: front.listener.port.active == 1)
        wait_for(lambda: front.listener.port.active == 0)
        assert not gate.opened.is_set()
        gate.opened.set()
        assert_serves(front)


def test_requests_that_wait_for_an_answer_are_bounded() -> None:
    gate = Gate()
    with running(gate.models) as front, talk(front) as (line, _):
        line.sendall(GOOD)
        wait_for(lambda: front.listener.port.active == 1)
        line.setblocking(False)
        sent, end = 0, time.monotonic() + 1
        while time.monotonic() < end:
            try:
                sent += line.send(GOOD * 1000)
            except BlockingIOError:
                time.sleep(0.01)
        # The connection has read once more at most: the rest of what was sent is held by the system.
        assert front.listener.port.held.count < 1 << 18 < sent
        gate.opened.set()


def test_a_client_that_resets_is_forgotten(front: Front) -> None:
    for sent in (b"", GOOD[:10], GOOD[:-5], GOOD, GOOD * 100):
        with front.connect() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            line.sendall(sent)
    assert_serves(front)
    wait_for(lambda: front.listener.port.held.count == 0 and front.listener.port.active == 0)


def test_a_client_that_does_not_read_holds_up_nobody_else() -> None:
    """What it does not take is not even computed, and in the end the line is cut."""
    count = 200_000
    asked = post(json.dumps({"instances": [0.123456789] * count}).encode())
    limits = dataclasses.replace(LIMITS, body_bytes=10_000_000, held_bytes=40_000_000, read_seconds=1.0)
    with running(limits=limits) as front, front.connect() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        threading.Thread(target=send, args=(line, asked * 5)).start()
        time.sleep(1)
        assert_serves(front)
        wait_for(lambda: front.listener.port.active == 0 and front.listener.port.held.count == 0, 15)


def send(line: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        line.sendall(data)


def wait_for(condition: Any, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_client_that_reads_a_byte_now_and_then_is_hung_up_on() -> None:
    asked = post(json.dumps({"instances": [0.123456789] * 200_000}).encode())
    limits = dataclasses.replace(LIMITS, body_bytes=10_000_000, held_bytes=40_000_000, read_seconds=0.5)
    with running(limits=limits) as front, front.connect() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        threading.Thread(target=send, args=(line, asked * 5)).start()
        assert line.recv(1)
        start = time.monotonic()
        while front.listener.port.connections:
            with contextlib.suppress(ConnectionResetError):
                line.recv(100)
            time.sleep(0.05)
            assert time.monotonic() - start < 20


def test_requests_without_end_in_one_packet_hold_up_nobody_else(front: Front) -> None:
    """Each answer takes the server a part of a millisecond."""
    count = 13_000
    with talk(front) as (line, stream):
        threading.Thread(target=send, args=(line, b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" * count)).start()
        for _ in range(20):
            assert_serves(front, within=1)
        for _ in range(count):
            assert read_reply(stream, bodiless=True).status == 200


def test_upgrades_in_a_row_are_answered(front: Front) -> None:
    """More than Python could nest calls; the last has a body."""
    upgrade = STATUS.replace(b"Host: h", b"Host: h\r\nConnection: Upgrade\r\nUpgrade: h2c")
    with talk(front) as (line, stream):
        threading.Thread(target=send, args=(line, upgrade * 5000 + GOOD)).start()
        for _ in range(5000):
            assert read_reply(stream).status == 200
        assert read_reply(stream).body == b'{"predictions":[2.0,3.0]}'


def test_a_client_that_resets_before_its_answer_leaves_the_others_their_time_limits() -> None:
    """It has sent more than the server reads before the answer, so that the server learns of the reset too late."""
    gate = Gate()
    with running(gate.models, dataclasses.replace(LIMITS, answer_seconds=0.3, read_seconds=0.4)) as front:
        for _ in range(3):
            with front.connect() as line:
                line.sendall(GOOD.replace(b"Host: h", b"Host: h\r\nConnection: close") + GOOD * 3)
                wait_for(lambda: front.listener.port.active > 0)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wait_for(lambda: not front.listener.port.connections)
        with talk(front) as (line, stream):
            line.sendall(b"G")
            assert read_reply(stream).status == 408
        gate.opened.set()


def test_closing_answers_what_has_arrived() -> None:
    gate = Gate()
    with running(gate.models) as front, contextlib.ExitStack() as stack:
        busy, late, idle = [stack.enter_context(talk(front)) for _ in range(3)]
        busy[0].sendall(GOOD)
        wait_for(lambda: front.listener.port.active == 1)
        closed: list[bool] = []
        closing = threading.Thread(target=lambda: closed.append(front.close(10)))
        closing.start()
        wait_for(lambda: front.listener.port.draining)
        late[0].sendall(GOOD)  # on its way as the server began to close
        wait_for(lambda: front.listener.port.active == 2)
        with pytest.raises(ConnectionRefusedError):
            front.connect()
        assert assert_ends(idle[0]) == b""
        gate.opened.set()
        for _, stream in (busy, late):
            reply = read_reply(stream)
            assert (reply.status, reply.headers["connection"]) == (200, "close")
        closing.join()
        assert closed == [True]


def test_closing_takes_no_longer_than_its_grace() -> None:
    gate = Gate()
    with running(gate.models) as front, front.connect() as line:
        line.sendall(GOOD)
        wait_for(lambda: front.listener.port.active == 1)
        start = time.monotonic()
        assert front.close(0.7) is False
        assert time.monotonic() - start < 3
        with line.makefile("rb") as stream:
            assert read_reply(stream).status == 503
        gate.opened.set()
