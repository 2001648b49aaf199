"""Bytes and time that calls may hold, with real calls of a method that answers as told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager

import grpc
import pytest

from roadsigns.serving.grpc.held import Held
from waiting import until

METHOD = "/test.Echo/Call"


class Echo(grpc.GenericRpcHandler):
    """Answers with the request, once it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self.call, bytes, bytes)

    def call(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        assert self.go.wait(10)
        return request * 2


@contextmanager
def running(max_bytes: int = 1000, seconds: float = 60) -> Iterator[tuple[Echo, Held, grpc.Channel]]:
    echo, held = Echo(), Held(max_bytes, seconds)
    server = grpc.server(futures.ThreadPoolExecutor(8), [echo], interceptors=[held])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield echo, held, channel
    server.stop(0).wait()
    held.close()


def test_calls_are_answered_and_then_hold_nothing() -> None:
    with running() as (_, held, channel):
        call = channel.unary_unary(METHOD)
        assert [call(b"a" * size, timeout=10) for size in (0, 1, 300)] == [b"", b"aa", b"a" * 600]
        until(lambda: held._bytes == 0 and not held._calls)


def test_what_would_be_too_much_is_refused_and_taken_later() -> None:
    with running(max_bytes=1000) as (echo, held, channel):
        echo.go.clear()
        call = channel.unary_unary(METHOD)
        waiting = [call.future(b"a" * 300, timeout=10) for _ in range(3)]
        until(lambda: held._bytes == 900)
        with pytest.raises(grpc.RpcError) as refused:
            call(b"a" * 101, timeout=10)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refused.value.details() == "Calls under way hold 900 bytes of at most 1000: come again"
        for each in waiting:
            each.cancel()
        until(lambda: held._bytes == 0)
        echo.go.set()
        assert len(call(b"a" * 101, timeout=10)) == 202


def test_a_call_that_is_alone_may_be_as_large_as_it_is() -> None:
    with running(max_bytes=10) as (_, _, channel):
        assert channel.unary_unary(METHOD)(b"a" * 300, timeout=10) == b"a" * 600


def test_a_client_that_does_not_send_is_hung_up_on() -> None:
    with running(seconds=0.2) as (_, _, channel):
        never = threading.Event()

        def messages() -> Iterator[bytes]:
            never.wait(10)
            yield b""

        with pytest.raises(grpc.RpcError) as ended:
            channel.stream_unary(METHOD)(messages(), timeout=8)
        never.set()
        assert ended.value.code() is grpc.StatusCode.CANCELLED


def test_a_message_is_missing() -> None:
    with running() as (_, _, channel), pytest.raises(grpc.RpcError) as refused:
        channel.stream_unary(METHOD)(iter(()), timeout=10)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_client_that_does_not_take_its_answer_is_hung_up_on() -> None:
    class Context:
        def __init__(self) -> None:
            self.cancelled = threading.Event()

        def add_callback(self, callback: object) -> bool:
            return True

        def cancel(self) -> None:
            self.cancelled.set()

    held, context = Held(1000, 0.1), Context()
    method = grpc.unary_unary_rpc_method_handler(lambda request, _: request, bytes, bytes)
    assert held._answer(method, iter([b"abc"]), context) == b"abc"
    assert context.cancelled.wait(10)
    held.close()
