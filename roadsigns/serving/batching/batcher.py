"""Dynamic batching: a request runs at once if the engine is free; requests that have to wait run together.

The queue has a line for each kind of request that can share a batch.

Source: Olston et al., "TensorFlow-Serving: Flexible, High-Performance ML Serving", 2017, for the idea.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from ...errors import RequestError, RowError
from ..engines.engine import Engine
from ..protocol.tensors import Array
from .job import Job, Outputs, Part, check_rows, cut, join, rows_of
from .parameters import BatchingParameters

SMALL_PART = 8
"""Parts of a request have at least so many rows: fewer are not worth a thread of their own."""

SHARE = 16
"""One job may take a 16th of the rows that may wait, so that no caller fills the queue alone."""


class Batcher:
    """Runs requests on an engine, several in one batch where their shapes allow that.

    A batch that fails runs again in halves, so that a bad request spoils no other.

    Args:
        engine: what calls the model.
        parameters: how large batches are and how long they gather; None to run each request alone.
    """

    def __init__(self, engine: Engine, parameters: BatchingParameters | None) -> None:
        self._engine = engine
        self._joins = parameters is not None
        self._parameters = parameters or BatchingParameters()
        self._most = self._parameters.execution_rows
        self._queue = BatchQueue(self._parameters)
        self._closed = False
        self._change = threading.Condition(threading.Lock())
        self._threads = [
            threading.Thread(target=self._work, name=f"batch-{index}", daemon=True)
            for index in range(self._parameters.num_batch_threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None) -> Future[Outputs]:
        """Have signature `name` called; arguments as for `Engine.run`, with all inputs.

        Returns:
            The future answer. Once it is cancelled or has failed, the parts of the request that still wait are dropped.

        Raises:
            RequestError: too many rows are waiting or the version is being unloaded (UNAVAILABLE), or the request has
                more rows than one may have, or than a batch may have and the parameters forbid to split it.
        """
        rows = rows_of(name, self._engine.signatures[name], inputs, outputs, share=self._joins)
        if rows and rows.key and rows.count > self._most and not self._parameters.enable_large_batch_splitting:
            raise RequestError(
                f"The request has {rows.count} rows, more than max_batch_size, {self._most}. Send fewer at once"
            )
        job = Job(name, inputs, outputs, rows, self._cut(rows.count) if rows else self._most)
        with self._change:
            if self._closed:
                raise RequestError("The version is being unloaded", "UNAVAILABLE")
            self._queue.add(job)
            self._change.notify(len(job.waiting))
        job.future.add_done_callback(lambda _: self._drop(job))
        return job.future

    def _drop(self, job: Job) -> None:
        """Remove the waiting parts of a job from the queue."""
        if job.waiting:
            with self._change:
                self._queue.drop(job)

    def _cut(self, rows: int) -> int:
        """Rows of each part of a job: one part for each thread, unless the parts get too large or too small."""
        if not self._parameters.enable_large_batch_splitting or self._parameters.allowed_batch_sizes:
            return self._most
        return min(self._most, max(SMALL_PART, math.ceil(rows / len(self._threads))))

    def close(self) -> None:
        """Run all submitted requests, then end the threads. A second call changes nothing."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while parts := self._take():
            self._run([part for part in parts if not part.job.future.done()])
            parts.clear()  # the memory of these requests is free while the thread waits for the next batch

    def _take(self) -> list[Part]:
        """Wait for the next batch; empty when the batcher is closed and nothing waits."""
        with self._change:
            while True:
                now = math.inf if self._closed else time.monotonic()
                if parts := self._queue.take(now):
                    return parts
                if self._closed:
                    return []
                self._change.wait(self._queue.patience(now))

    def _run(self, parts: Sequence[Part]) -> None:
        if not parts:
            return
        try:
            answers = self._answers(parts)
        except Exception as error:  # the client of a failing request gets the error, and the others are served
            if len(parts) == 1:
                [part] = parts
                part.job.fail(error.behind(part.start) if isinstance(error, RowError) else error)
                return
            half = len(parts) // 2
            self._run(parts[:half])
            self._run(parts[half:])
            return
        for part, answer in zip(parts, answers, strict=True):
            part.job.answer(part.start, answer)

    def _answers(self, parts: Sequence[Part]) -> list[Outputs]:
        """Run parts together, and give each its rows of the answer."""
        job = parts[0].job
        if job.key is None:
            answer = self._engine.run(job.name, parts[0].inputs, job.outputs)
            if job.cut:
                check_rows(answer, parts[0].rows)
            return [answer]
        rows = sum(part.rows for part in parts)
        padded = next((size for size in self._parameters.allowed_batch_sizes if size >= rows), rows)
        answer = self._engine.run(job.name, join([part.inputs for part in parts], padded), job.outputs)
        check_rows(answer, padded)
        if len(parts) == 1 and padded == rows:
            return [answer]
        starts = [0]
        for part in parts:
            starts.append(starts[-1] + part.rows)
        return [cut(answer, start, start + part.rows) for start, part in zip(starts, parts, strict=False)]


class BatchQueue:
    """Jobs that wait, in one line for each kind of job; the lines take turns. The caller holds a lock.

    The time of a call depends on the jobs that it adds or takes, not on how many wait.

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
        """Remove the waiting parts of a job whose answer nobody wants any more."""
        line = self._lines.get(job.key)
        if line is None or job not in line.jobs:
            return
        del line.jobs[job]
        self._count(job, line, job.rows)
        job.waiting.clear()

    def patience(self, now: float) -> float | None:
        """Seconds until the next batch is due; 0 for at once, None if nothing waits.

        Args:
            now: the monotonic clock, in seconds.
        """
        return min((self._patience(key, now) for key in self._lines), default=None)

    def take(self, now: float) -> list[Part]:
        """Take the parts of the next batch; none if no batch is due. With an infinite `now` all are due."""
        key = next((key for key in self._lines if self._patience(key, now) <= 0), self)
        if key is self:
            return []
        line = self._lines[key]
        self._lines.move_to_end(key)  # so that each line has its turn
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
            elif len(batch) == 1:  # behind the jobs that came later: they wait for one part of this job, not for all
                line.jobs.move_to_end(job)
            self._count(job, line, part.rows)
            if room <= 0:
                break
        return batch

    def _count(self, job: Job, line: _Line, rows: int) -> None:
        """Take `rows` rows of a job off the counts."""
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
