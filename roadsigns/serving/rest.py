"""The REST API: an HTTP request to a call of a model, and the model's answer back.

Small bodies are read, and small answers written, on the event loop; large ones in other processes. In between the loop
is free: a model's answer comes back through a `LoopInbox`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from .. import errors
from ..errors import RequestError
from . import pages
from .http.messages import Answer, Limits, Request
from .loop_inbox import LoopInbox
from .metrics import CONTENT_TYPE, UNKNOWN, Metrics
from .models.manager import Manager
from .models.servable import Servable
from .protocol.body import Body, read_examples, read_predict
from .protocol.examples import refuse
from .protocol.predict_answer import format_answer
from .protocol.predict_request import Form
from .protocol.refusals import unknown_signature
from .protocol.route import Route, is_within, parse_path
from .protocol.signature import Signature
from .protocol.status import format_error, format_metadata, format_status
from .protocol.tensors import Array
from .workers import SideProcesses

SMALL_BODY = 65_536
"""Bytes that are read on the event loop: a millisecond or less."""

SMALL_ANSWER = 4_096
"""Numbers that are written on the event loop: two milliseconds or less."""

SIDES = 2
"""Processes for what is larger."""

_NUMBER = 12  # bytes of a number in an answer, about

_CORS = (
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Allow-Methods: POST, GET\r\n"
    "Access-Control-Allow-Headers: Content-Type\r\n"
)
_PAGE = "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nX-Content-Type-Options: nosniff\r\n"
_LOG = logging.getLogger(__name__)


_CLOSED = RequestError("The model is being unloaded", "UNAVAILABLE")


@dataclass(slots=True, eq=False)
class _Call:
    """A request that a model is to answer."""

    request: Request
    route: Route
    started: float
    form: Form = Form.ROW
    lease: AbstractContextManager[Servable] | None = None
    servable: Servable | None = None
    refusal: RequestError = _CLOSED
    future: Future[dict[str, Array]] | None = None
    submitted: float = 0.0

    def release(self) -> None:
        """Let go of the servable."""
        lease, self.lease, self.servable = self.lease, None, None
        if lease is not None:
            lease.__exit__(None, None, None)


class Rest:
    """Answers HTTP requests; see `http.messages.Application`.

    Args:
        manager: has the models.
        metrics: is told of every call.
        limits: of bodies and time.
        max_pixels: of all pictures of a request together.
        cors: whether a page from elsewhere may read the answers.
        metrics_path: where the metrics are; None for nowhere.
    """

    def __init__(
        self,
        manager: Manager,
        metrics: Metrics,
        limits: Limits,
        *,
        max_pixels: int,
        cors: bool = False,
        metrics_path: str | None = None,
    ) -> None:
        self._manager = manager
        self._metrics = metrics
        self._limits = limits
        self._max_pixels = max_pixels
        self._cors = _CORS if cors else ""
        self._metrics_path = metrics_path
        self._inbox = LoopInbox()
        self._sides = SideProcesses(SIDES)
        self.stopping = False

    def close(self) -> None:
        """Let the side processes go; what they have not begun is not begun."""
        self._sides.close()

    # What the connections call.

    def handle(self, request: Request) -> None:
        """Answer, now or later."""
        try:
            if not is_within(request.target):
                request.answer(self._outside(request))
            elif request.verb == "OPTIONS":
                welcome = request.header(b"origin").startswith(("http://", "https://"))
                request.answer(self._answer(200 if welcome else 400, b""))
            else:
                route = parse_path(request.verb, request.target)
                if request.verb == "GET":
                    request.answer(self._answer(200, self._told(route)))
                else:
                    self._call(_Call(request, route, time.perf_counter()))
        except Exception as error:
            request.answer(self._refused(error))

    def expired(self, request: Request) -> None:
        """The time for an answer is over."""
        if isinstance(request.work, _Call):
            self._give_up(request.work, "DEADLINE_EXCEEDED")
        seconds = self._limits.answer_seconds
        request.answer(self.refusal(504, f"No answer within {seconds:g} seconds (--rest_api_timeout_in_ms)"))

    def gone(self, request: Request) -> None:
        """Nobody waits for the answer any more."""
        if isinstance(request.work, _Call):
            self._give_up(request.work, "CANCELLED")

    def refusal(self, status: int, message: str) -> Answer:
        """An error as every error looks."""
        return self._answer(status, format_error(message))

    # What needs no model to run.

    def _told(self, route: Route) -> bytes:
        if route.method == "status":
            return format_status(self._manager.status(route.model, route.version))
        with self._manager.lease(route.model, route.version, route.label) as servable:
            return format_metadata(route.model, servable.version, servable.signatures)

    def _outside(self, request: Request) -> Answer:
        """Pages for people and probes, none of which TensorFlow Serving has."""
        path = request.target.partition("?")[0]
        if request.verb in ("GET", "HEAD"):
            if path == "/":
                page = pages.index(self._manager, request.header(b"host"), self._metrics_path)
                return Answer(200, page, pages.HTML, _PAGE)
            if path == "/healthz":
                return Answer(200, b"alive\n", pages.TEXT)
            if path == "/readyz":
                ready = self._manager.ready() and not self.stopping
                return Answer(200, b"ready\n", pages.TEXT) if ready else Answer(503, b"not ready\n", pages.TEXT)
            if path == self._metrics_path:
                return Answer(200, self._metrics.text(), CONTENT_TYPE)
        return Answer(404, pages.NOT_FOUND, pages.HTML, _PAGE)

    # Calls of models.

    def _call(self, call: _Call) -> None:
        """Have the body read, here or elsewhere, and go on with `_was_read`."""
        call.request.work = call
        route, content = call.route, call.request.body
        body = Body(content, "gzip" in call.request.header(b"content-encoding").lower(), self._limits.body_bytes)
        signatures: Mapping[str, Signature] | None = None
        try:
            signatures = self._lease(call).signatures
        except RequestError as error:  # is told if nothing is wrong with the body
            call.refusal = error
        if route.method == "predict":
            job: tuple[Any, ...] = (read_predict, body, signatures, self._max_pixels)
        else:
            job = (read_examples, body, route.method)
        if len(content) <= SMALL_BODY and not body.packed:
            self._was_read(call, _done(*job))
        else:
            reading = self._sides.submit(len(content), *job)
            reading.add_done_callback(lambda done: self._inbox.call(self._was_read, call, done))

    def _lease(self, call: _Call) -> Servable:
        lease = self._manager.lease(call.route.model, call.route.version, call.route.label)
        call.servable = lease.__enter__()
        call.lease = lease
        return call.servable

    def _was_read(self, call: _Call, reading: Future[Any]) -> None:
        """Pass what was read to the model."""
        try:
            self._submit(call, reading)
        except Exception as error:
            call.release()
            self._fail(call, error)

    def _submit(self, call: _Call, reading: Future[Any]) -> None:
        if call.request.answered:  # too late
            call.release()
            return
        read = reading.result()
        if call.servable is None:
            raise call.refusal
        if call.route.method != "predict":
            raise _unserved(call.route.method, read, call.servable)
        call.form = read.form
        call.submitted = time.perf_counter()
        call.future = call.servable.submit(read.signature_name, read.inputs)
        call.future.add_done_callback(lambda _: self._inbox.call(self._finish, call))

    def _finish(self, call: _Call) -> None:
        """Take the model's outputs to the client."""
        call.release()
        if call.request.answered or call.future is None:
            return
        error = _CLOSED if call.future.cancelled() else call.future.exception()
        if error is not None:
            self._fail(call, error)
            return
        took = (time.perf_counter() - call.submitted) * 1e6
        self._metrics.runtime.add(took, call.route.model, call.route.method, "TF2")
        outputs = call.future.result()
        size = sum(array.size for array in outputs.values())
        if size <= SMALL_ANSWER:
            self._was_written(call, _done(format_answer, outputs, call.form))
        else:
            writing = self._sides.submit(size * _NUMBER, format_answer, outputs, call.form)
            writing.add_done_callback(lambda done: self._inbox.call(self._was_written, call, done))

    def _was_written(self, call: _Call, writing: Future[bytes]) -> None:
        """Take the answer to the client."""
        if call.request.answered:
            return
        error = writing.exception()
        if error is not None:
            self._fail(call, error)
            return
        body, model = writing.result(), call.route.model
        self._metrics.requests.add(model, "OK")
        self._metrics.latency.add((time.perf_counter() - call.started) * 1e6, model, call.route.method, "REST")
        call.request.answer(self._answer(200, body))

    def _fail(self, call: _Call, error: BaseException) -> None:
        if call.request.answered:
            return
        self._count_failure(call, error.code if isinstance(error, RequestError) else "INTERNAL")
        call.request.answer(self._refused(error))

    def _give_up(self, call: _Call, code: str) -> None:
        self._count_failure(call, code)
        if call.future is not None:
            call.future.cancel()

    def _count_failure(self, call: _Call, code: str) -> None:
        name = call.route.model
        self._metrics.requests.add(name if name in self._manager.models() else UNKNOWN, code)

    # Answers.

    def _answer(self, status: int, body: bytes) -> Answer:
        return Answer(status, body, headers=self._cors)

    def _refused(self, error: BaseException) -> Answer:
        if isinstance(error, RequestError):
            return self.refusal(error.http_status, error.message)
        _LOG.error("A request failed", exc_info=error)
        return self.refusal(errors.HTTP_STATUS["INTERNAL"], "Internal error; the server's log says more")


def _done(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Call a function now."""
    future: Future[Any] = Future()
    try:
        future.set_result(function(*arguments))
    except Exception as error:
        future.set_exception(error)
    return future


def _unserved(method: str, name: str, servable: Servable) -> RequestError:
    """Why a classify or regress call is refused."""
    if name not in servable.signatures:
        return unknown_signature(name, method)
    return refuse(method, servable.signatures[name])
