"""What all gRPC calls hold together: bytes of requests and answers, and how long a slow client may hold them.

gRPC itself limits one message and the number of calls. Sixty clients with a message of 100 MB each stay within both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc

RECEIVING = 16
"""Messages that arrive at a time; the size of a message is known only once the message has arrived."""

SECONDS = 60.0
"""Time for a message to arrive, and for an answer to be taken."""


@dataclass(eq=False)
class _Call:
    """A call under way: what it holds, and since when it waits for its client (None while it does not)."""

    context: Any
    waits_since: float | None
    bytes: int = 0


class Held(grpc.ServerInterceptor):
    """Counts the bytes that the calls hold, refuses what would be too much, and ends calls of clients that are slow.

    Args:
        max_bytes: of all requests and answers together.
        seconds: see `SECONDS`.
    """

    def __init__(self, max_bytes: int, seconds: float = SECONDS) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._lock = threading.Lock()
        self._calls: set[_Call] = set()
        self._bytes = 0
        self._receiving = threading.Semaphore(RECEIVING)
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="grpc-held", daemon=True).start()

    def close(self) -> None:
        """Watch no longer."""
        self._closed.set()

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """Have the calls of a method counted; gRPC calls this for each call."""
        method = continuation(handler_call_details)
        if method is None or method.request_streaming or method.response_streaming:
            return method

        def answer(messages: Iterator[bytes], context: Any) -> bytes:
            return self._answer(method, messages, context)

        # As a stream of one message, which only arrives when it is asked for.
        return grpc.stream_unary_rpc_method_handler(answer)

    def _answer(self, method: Any, messages: Iterator[bytes], context: Any) -> bytes:
        call = _Call(context, time.monotonic())
        with self._lock:
            self._calls.add(call)
        if not context.add_callback(lambda: self._release(call)):
            self._release(call)
        with self._receiving:
            message = next(messages, None)
        call.waits_since = None
        if message is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "The call requires exactly one request message.")
        self._hold(call, len(message or b""))
        try:
            request = method.request_deserializer(message)
        except Exception:  # as gRPC has it
            context.abort(grpc.StatusCode.INTERNAL, "Exception deserializing request!")
        del message
        made: bytes = method.response_serializer(method.unary_unary(request, context))
        self._hold(call, len(made))
        call.waits_since = time.monotonic()
        return made

    def _hold(self, call: _Call, size: int) -> None:
        with self._lock:
            if call not in self._calls:
                return  # its client has gone
            total = self._bytes + size
            if total <= self._max_bytes or self._bytes == call.bytes:  # a call that is alone may be as large as it is
                call.bytes += size
                self._bytes += size
                return
        call.context.abort(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"Calls under way hold {self._bytes} bytes of at most {self._max_bytes}: come again",
        )

    def _release(self, call: _Call) -> None:
        with self._lock:
            if call in self._calls:
                self._calls.discard(call)
                self._bytes -= call.bytes

    def _watch(self) -> None:
        while not self._closed.wait(min(1.0, self._seconds)):
            now = time.monotonic()
            with self._lock:
                slow = [each for each in self._calls if now - (each.waits_since or now) > self._seconds]
            for each in slow:
                each.context.cancel()
