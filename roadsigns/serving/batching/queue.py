"""What waits for the engine, and what of it runs next."""

from __future__ import annotations

from collections import OrderedDict

from ...errors import RequestError
from .job import Job, Part
from .parameters import BatchingParameters

SHARE = 16
"""A job may have one in so many of the rows that may wait, so that no caller fills the queue alone."""


class BatchQueue:
    """Waiting jobs: one line for each kind of job, whose heads take turns. Not for several threads at once.

    Every call takes time linear in what it takes out or puts in, however much waits.

    Args:
        parameters: how large batches are and how long they gather.
    """

    def __init__(self, parameters: BatchingParameters) -> None:
        self._parameters = parameters
        self._most = parameters.execution_rows
        self._limit = parameters.max_batch_size * parameters.max_enqueued_batches
        self._lines: OrderedDict[object, _Line] = OrderedDict()
        self._all = 0

    def add(self, job: Job) -> None:
        """Let a job wait.

        Raises:
            RequestError: the job has more rows than one job may have, or too much is waiting already (UNAVAILABLE).
        """
        share = max(self._most, self._limit // SHARE)
        if job.rows > share:
            raise RequestError(f"The request has {job.rows} rows: expected at most {share}. Send fewer at once")
        if self._all and self._all + job.rows > self._limit:
            raise RequestError(f"The batch scheduling queue is full: {self._all} rows are waiting", "UNAVAILABLE")
        line = self._lines.setdefault(job.key, _Line())
        line.jobs[job] = None
        line.rows += job.rows
        self._all += job.rows

    def drop(self, job: Job) -> None:
        """Forget the parts of a job that still wait: nobody wants the answer any more."""
        line = self._lines.get(job.key)
        if line is None or job not in line.jobs:
            return
        del line.jobs[job]
        self._count(job, line, job.rows)
        job.waiting.clear()

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
        line = self._lines[key]
        self._lines.move_to_end(key)  # so that no kind of job waits for ever
        room = self._most
        batch: list[Part] = []
        # One part of each job: the parts of a job were cut for several threads.
        for job in _first(line.jobs, self._most if key is not None else 1):
            part = job.waiting[0]
            if batch and part.rows > room:
                break
            room -= part.rows
            batch.append(job.waiting.popleft())
            if not job.waiting:
                del line.jobs[job]
            elif len(batch) == 1:  # behind those who came later, and who so wait for one part only
                line.jobs.move_to_end(job)
            self._count(job, line, part.rows)
            if room <= 0:
                break
        return batch

    def _count(self, job: Job, line: _Line, rows: int) -> None:
        """Note that so many rows of a job wait no longer."""
        job.rows -= rows
        line.rows -= rows
        self._all -= rows
        if not line.jobs:
            del self._lines[job.key]

    def _patience(self, key: object, now: float) -> float:
        wait = self._parameters.batch_timeout_micros / 1e6
        line = self._lines[key]
        if not wait or key is None or line.rows >= self._most:
            return 0.0
        return max(0.0, next(iter(line.jobs)).since + wait - now)


class _Line:
    """Jobs of one key, in the order in which they run, and how many rows of them wait."""

    def __init__(self) -> None:
        self.jobs: OrderedDict[Job, None] = OrderedDict()
        self.rows = 0


def _first(jobs: OrderedDict[Job, None], count: int) -> list[Job]:
    return [job for job, _ in zip(jobs, range(count), strict=False)]
