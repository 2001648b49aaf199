"""Results of other threads for the event loop, and side processes that read large bodies and write large answers.

The standard library's JSON reader does not let another thread run before it is done: for 70 MB the whole server would
stand still for seconds. A side process is started when it is first needed. It ends with the server, and after a body so
large that the process would keep much memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from ..errors import RequestError

Result = TypeVar("Result")

_LOOK_SECONDS = 0.2  # a thread looks so often whether the caller still waits

LARGE = 8_000_000
"""Bytes after which a process is not used again."""


class LoopInbox:
    """Brings results of other threads to the running event loop; one wake-up of the loop brings many.

    Awaiting one takes a quarter of the time of `asyncio.wrap_future`.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[asyncio.Future[None]] = deque()
        self._woken = False

    async def result(self, future: Future[Result]) -> Result:
        """Await the result of a future that another thread sets; a caller that stops waiting cancels the future.

        Raises:
            RequestError: the other side cancelled the future.
        """
        waiting = self._loop.create_future()
        future.add_done_callback(lambda _: self._put(waiting))
        try:
            await waiting
        except asyncio.CancelledError:
            future.cancel()
            raise
        if future.cancelled():
            raise RequestError("The model is being unloaded", "UNAVAILABLE")
        return future.result()

    def _put(self, waiting: asyncio.Future[None]) -> None:
        self._arrived.append(waiting)
        if not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._empty)

    def _empty(self) -> None:
        self._woken = False  # before the first is taken: a result that arrives after this line wakes the loop again
        while self._arrived:
            waiting = self._arrived.popleft()
            if not waiting.done():
                waiting.set_result(None)


class SideProcesses:
    """A few processes in which functions are called.

    Args:
        count: how many calls may run at a time.
    """

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="side")
        self._own = threading.local()

    async def call(self, inbox: LoopInbox, size: int, function: Callable[..., Result], *arguments: Any) -> Result:
        """Call a function in a side process and await its result. A caller that stops waiting ends the process.

        Args:
            inbox: of the running event loop.
            size: bytes that the function works on, about.
            function: one of a module, so that the other process can find it by name.
            arguments: for the function.
        """
        given_up = threading.Event()
        try:
            return await inbox.result(self.submit(size, function, *arguments, given_up=given_up))
        finally:
            given_up.set()

    def submit(
        self, size: int, function: Callable[..., Result], *arguments: Any, given_up: threading.Event | None = None
    ) -> Future[Result]:
        """Have a function called in another process, which ends once `given_up` is set; see `call`."""
        return self._threads.submit(self._call, size, given_up or threading.Event(), function, arguments)

    def close(self) -> None:
        """End the processes; calls that have not begun are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _call(
        self, size: int, given_up: threading.Event, function: Callable[..., Result], arguments: tuple[Any, ...]
    ) -> Result:
        process: _SideProcess | None = getattr(self._own, "process", None)
        if process is None or not process.alive:
            process = self._own.process = _SideProcess()
        try:
            return process.call(given_up, function, arguments)
        finally:
            if size > LARGE:
                process.close()


class _SideProcess:
    """A process that one thread uses."""

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._line, theirs = spawn.Pipe()
        self._process: BaseProcess = spawn.Process(target=_serve, args=(theirs,), daemon=True, name="roadsigns-side")
        self._process.start()
        theirs.close()  # so that the process sees the end of the pipe when the server is gone

    @property
    def alive(self) -> bool:
        return not self._line.closed and self._process.is_alive()

    def call(self, given_up: threading.Event, function: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        try:
            self._line.send((function, arguments))
            while not self._line.poll(_LOOK_SECONDS):
                if given_up.is_set():
                    self._process.kill()
                    self.close()
                    raise RequestError("Nobody waits for the answer", "CANCELLED")
            done, value = self._line.recv()
        except (EOFError, OSError) as error:  # killed, perhaps because memory is short
            self.close()
            raise RequestError("The request took more memory than there is", "RESOURCE_EXHAUSTED") from error
        if done:
            result: Result = value
            return result
        raise value

    def close(self) -> None:
        self._line.close()
        self._process.join(1)


def _serve(line: Connection) -> None:
    """Call the functions that come through the pipe, until the pipe ends."""
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # these signals are meant for the server, which ends its side processes itself
        signal.signal(number, signal.SIG_IGN)
    while True:
        try:
            function, arguments = line.recv()
        except EOFError:
            return
        try:
            answer = True, function(*arguments)
        except RequestError as error:
            answer = False, error
        except Exception as error:
            error.add_note(traceback.format_exc())
            answer = False, error
        del arguments
        line.send(answer)
        del answer
