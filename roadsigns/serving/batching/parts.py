"""A request on its way through the batches: cut into parts, whose answers become one."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from ..protocol.tensors import Array
from . import joining
from .joining import Joinable

Answer = dict[str, Array]


class Request:
    """What was submitted.

    Args:
        name, inputs, outputs: as for `Engine.run`.
        joinable: what it brings into a batch; None if it has to run alone.
        most: rows that may run at once.

    Attributes:
        future: the answer to be; it may be cancelled until the first part begins.
        since: when it was submitted, by the monotonic clock in seconds.
        parts: what runs, in order.
    """

    def __init__(
        self,
        name: str,
        inputs: Mapping[str, Array],
        outputs: Sequence[str] | None,
        joinable: Joinable | None,
        most: int,
    ) -> None:
        self.name = name
        self.outputs = outputs
        self.key = joinable.key if joinable else None
        self.future: Future[Answer] = Future()
        self.since = time.monotonic()
        self._lock = threading.Lock()
        self._begun = False
        self._pieces: dict[int, Answer] = {}
        if joinable is None:
            self.parts = [Part(self, 0, 1, inputs)]
        elif joinable.rows <= most:
            self.parts = [Part(self, 0, joinable.rows, joinable.inputs)]
        else:
            self.parts = [
                Part(self, start, min(most, joinable.rows - start), joining.cut(joinable.inputs, start, start + most))
                for start in range(0, joinable.rows, most)
            ]

    def begin(self) -> bool:
        """Whether the answer is still wanted; from here on it cannot be cancelled."""
        with self._lock:
            if not self._begun:
                self._begun = True
                self.future.set_running_or_notify_cancel()
            return not self.future.done()

    def answer(self, start: int, piece: Answer) -> None:
        """Take the answer to the part that begins at row `start`."""
        with self._lock:
            self._pieces[start] = piece
            if len(self._pieces) < len(self.parts) or self.future.done():
                return
        pieces = [self._pieces[each] for each in sorted(self._pieces)]
        self.future.set_result(pieces[0] if len(pieces) == 1 else joining.join(pieces))

    def fail(self, error: Exception) -> None:
        """Let the whole request fail."""
        with self._lock:
            if self.future.done():
                return
        self.future.set_exception(error)


@dataclass(frozen=True, eq=False)
class Part:
    """What runs in one go: all rows of a request, or some of a large one's; a request that runs alone counts as one."""

    request: Request
    start: int
    rows: int
    inputs: Mapping[str, Array]
