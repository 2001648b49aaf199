"""What waits for the engine, and what of it runs next."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ...errors import RequestError
from .parameters import BatchingParameters
from .parts import Part


class BatchQueue:
    """Waiting parts: one line for each kind of request, whose heads take turns. Not for several threads at once.

    Args:
        parameters: how large batches are and how long they gather.
    """

    def __init__(self, parameters: BatchingParameters) -> None:
        self._parameters = parameters
        self._most = parameters.execution_rows
        self._limit = parameters.max_batch_size * parameters.max_enqueued_batches
        self._lines: dict[object, deque[Part]] = {}
        self._rows: dict[object, int] = {}
        self._all = 0

    def add(self, parts: Sequence[Part]) -> None:
        """Let the parts of one request wait.

        Raises:
            RequestError: too much is waiting already (UNAVAILABLE).
        """
        rows = sum(part.rows for part in parts)
        if self._all and self._all + rows > self._limit:
            raise RequestError(f"The batch scheduling queue is full: {self._all} rows are waiting", "UNAVAILABLE")
        key = parts[0].request.key
        self._lines.setdefault(key, deque()).extend(parts)
        self._rows[key] = self._rows.get(key, 0) + rows
        self._all += rows

    def patience(self, now: float) -> float | None:
        """Seconds after which something runs; 0 for at once, None if nothing waits.

        Args:
            now: the monotonic clock, in seconds.
        """
        return min((self._patience(key, now) for key in self._lines), default=None)

    def take(self, now: float) -> list[Part]:
        """The parts of the next batch; empty if none is ripe. `now` as for `patience`; infinity lets nobody wait."""
        key = next((key for key in self._lines if self._patience(key, now) <= 0), self)
        if key is self:
            return []
        line = self._lines.pop(key)
        rows = self._rows.pop(key)
        batch = [line.popleft()]
        # The other parts of a large request go behind those who came later, and who so wait for one part only.
        others = []
        while line and line[0].request is batch[0].request:
            others.append(line.popleft())
        room = self._most - batch[0].rows if key is not None else 0
        # Parts of one request were cut for several threads.
        while line and line[0].rows <= room and line[0].request is not batch[-1].request:
            batch.append(line.popleft())
            room -= batch[-1].rows
        line.extend(others)
        taken = sum(part.rows for part in batch)
        self._all -= taken
        if line:  # at the end of all lines, so that no kind of request waits for ever
            self._lines[key] = line
            self._rows[key] = rows - taken
        return batch

    def _patience(self, key: object, now: float) -> float:
        wait = self._parameters.batch_timeout_micros / 1e6
        if not wait or key is None or self._rows[key] >= self._most:
            return 0.0
        return max(0.0, self._lines[key][0].request.since + wait - now)
