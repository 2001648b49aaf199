"""A request on its way through the batches: cut into parts, whose answers become one."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass

from ..protocol.tensors import Array
from . import batch
from .batch import Rows

Outputs = dict[str, Array]


class Job:
    """What was submitted.

    Args:
        name, inputs, outputs: as for `Engine.run`.
        rows: those of the inputs; None if the inputs have to be run as they are.
        most: rows that may run at once.

    Attributes:
        key: jobs of equal key may share a batch; None for a job that shares with nobody.
        future: the answer to be. It may be cancelled until it is there.
        since: when the job was submitted, by the monotonic clock in seconds.
        waiting: the parts that have not begun to run, in order.
        rows: how many rows the waiting parts have.
        cut: whether there are several parts.
    """

    def __init__(
        self, name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None, rows: Rows | None, most: int
    ) -> None:
        self.name = name
        self.outputs = outputs
        self.key = rows.key if rows else None
        self.future: Future[Outputs] = Future()
        self.since = time.monotonic()
        self._lock = threading.Lock()
        self._pieces: dict[int, Outputs] = {}
        if rows is None:
            parts = [Part(self, 0, 1, inputs)]
        elif rows.count <= most:
            parts = [Part(self, 0, rows.count, rows.inputs)]
        else:
            parts = [
                Part(self, start, min(most, rows.count - start), rows.cut(start, start + most))
                for start in range(0, rows.count, most)
            ]
        self.waiting = deque(parts)
        self.rows = sum(part.rows for part in parts)
        self._count = len(parts)
        self.cut = len(parts) > 1

    def answer(self, start: int, piece: Outputs) -> None:
        """Take the answer to the part that begins at row `start`."""
        with self._lock:
            self._pieces[start] = piece
            if len(self._pieces) < self._count:
                return
        pieces = [self._pieces[each] for each in sorted(self._pieces)]
        whole = pieces[0] if len(pieces) == 1 else batch.join(pieces)
        with suppress(InvalidStateError):  # cancelled meanwhile
            self.future.set_result(whole)

    def fail(self, error: Exception) -> None:
        """Let the whole job fail."""
        with suppress(InvalidStateError):  # another part failed before, or the caller has gone
            self.future.set_exception(error)


@dataclass(frozen=True, eq=False)
class Part:
    """What runs in one go: all rows of a job, or some of a large one's; a job without rows counts as one."""

    job: Job
    start: int
    rows: int
    inputs: Mapping[str, Array]
