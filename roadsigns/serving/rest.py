"""The REST API: an HTTP request to a call of a model, and the model's answer back.

Small bodies are read, and small answers written, on the event loop; large ones in side processes. The loop is free
while a model or a side process works; their results come back through a `LoopInbox`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Callable, Mapping

from .. import errors
from ..errors import RequestError
from . import pages
from .http.answer import Answer
from .http.limits import Limits
from .http.request import Request
from .metrics import CONTENT_TYPE, UNKNOWN, Metrics
from .models.manager import Manager
from .models.servable import Servable
from .protocol.examples import read_examples, refuse
from .protocol.predict_answer import format_answer
from .protocol.predict_request import Body, Read, read_predict
from .protocol.refusals import unknown_signature
from .protocol.route import Route, is_within, parse_path
from .protocol.signature import Signature
from .protocol.status import format_error, format_metadata, format_status
from .workers import LoopInbox, SideProcesses

SMALL_BODY = 65_536
"""A body of so many bytes or fewer is read on the event loop: a millisecond or less."""

SMALL_ANSWER = 4_096
"""An answer of so many numbers or fewer is written on the event loop: two milliseconds or less."""

SIDES = 2
"""Side processes."""

_NUMBER = 12  # bytes of a number in an answer, about

_CORS = (
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Allow-Methods: POST, GET\r\n"
    "Access-Control-Allow-Headers: Content-Type\r\n"
)
_LOG = logging.getLogger(__name__)


class Rest:
    """Answers HTTP requests; see `http.port.Application`.

    Args:
        manager: of the models.
        metrics: count every call.
        limits: of bodies and time.
        max_pixels: of all pictures of a request together.
        cors: whether pages of other origins may read the answers.
        metrics_path: of the page of metrics; None for no such page.
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
        """Give up the side processes; calls that have not begun are dropped."""
        self._sides.close()

    async def answer(self, request: Request) -> Answer:
        """As `Application.answer`."""
        try:
            if not is_within(request.target):
                return self._outside(request)
            if request.verb == "OPTIONS":
                welcome = request.header(b"origin").startswith(("http://", "https://"))
                return self._answer(200 if welcome else 400, b"")
            route = parse_path(request.verb, request.target)
            if request.verb == "GET":
                return self._answer(200, self._told(route))
            return await self._called(request, route)
        except RequestError as error:
            return self.refusal(error.http_status, error.message)
        except Exception:
            _LOG.exception("A request failed")
            return self.refusal(errors.HTTP_STATUS["INTERNAL"], "Internal error; the server's log says more")

    def refusal(self, status: int, message: str) -> Answer:
        """The answer that tells an error."""
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
                return Answer(200, page, pages.HTML, pages.FIELDS)
            if path == "/healthz":
                return Answer(200, b"alive\n", pages.TEXT)
            if path == "/readyz":
                ready = self._manager.ready() and not self.stopping
                return Answer(200, b"ready\n", pages.TEXT) if ready else Answer(503, b"not ready\n", pages.TEXT)
            if path == self._metrics_path:
                return Answer(200, self._metrics.text(), CONTENT_TYPE)
        return Answer(404, pages.not_found(path), pages.HTML, pages.FIELDS)

    # Calls of models.

    async def _called(self, request: Request, route: Route) -> Answer:
        """Answer a call within its time limit, and count it."""
        started = time.perf_counter()
        code = "INTERNAL"
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                body = await self._run(request, route)
            code = "OK"
        except TimeoutError as error:
            code = "DEADLINE_EXCEEDED"
            seconds = f"{self._limits.answer_seconds:g} seconds"
            raise RequestError(f"No answer within {seconds} (--rest_api_timeout_in_ms)", code) from error
        except asyncio.CancelledError:  # the client has gone
            code = "CANCELLED"
            raise
        except RequestError as error:
            code = error.code
            raise
        finally:
            self._metrics.requests.add(route.model if self._manager.serves(route.model) else UNKNOWN, code)
        self._metrics.latency.add((time.perf_counter() - started) * 1e6, route.model, route.method, "REST")
        return self._answer(200, body)

    async def _run(self, request: Request, route: Route) -> bytes:
        """From the body of a call to the body of its answer."""
        packed = "gzip" in request.header(b"content-encoding").lower()
        body = Body(request.body, packed, self._limits.body_bytes)
        size = len(request.body)
        with contextlib.ExitStack() as lease:
            try:
                servable = lease.enter_context(self._manager.lease(route.model, route.version, route.label))
            except RequestError:
                await self._read(
                    size, body, route.method, None
                )  # an error in the body is told before that of the model
                raise
            read = await self._read(size, body, route.method, servable.signatures)
            if not isinstance(read, Read):
                raise _unserved(route.method, str(read), servable)
            submitted = time.perf_counter()
            outputs = await self._inbox.result(servable.submit(read.signature_name, read.inputs))
        self._metrics.runtime.add((time.perf_counter() - submitted) * 1e6, route.model, route.method, "TF2")
        count = sum(array.size for array in outputs.values())
        if count <= SMALL_ANSWER:
            return format_answer(outputs, read.form)
        return await self._sides.call(self._inbox, count * _NUMBER, format_answer, outputs, read.form)

    async def _read(
        self, size: int, body: Body, method: str, signatures: Mapping[str, Signature] | None
    ) -> Read | str | None:
        """Read a body. For methods other than predict this gives the name of the signature."""
        read: Callable[[], Read | str | None] = functools.partial(read_examples, body, method)
        if method == "predict":
            read = functools.partial(read_predict, body, signatures, self._max_pixels)
        if size <= SMALL_BODY and not body.packed:
            return read()
        return await self._sides.call(self._inbox, size, read)

    def _answer(self, status: int, body: bytes) -> Answer:
        return Answer(status, body, headers=self._cors)


def _unserved(method: str, name: str, servable: Servable) -> RequestError:
    """Why a classify or regress call is refused."""
    if name not in servable.signatures:
        return unknown_signature(name, method)
    return refuse(method, servable.signatures[name])
