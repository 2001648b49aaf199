"""Dynamic batching: a request runs at once if the engine is free; those that have to wait gather and run together.

Source: Olston et al., "TensorFlow-Serving: Flexible, High-Performance ML Serving", 2017, for the idea.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from ...errors import RequestError, RowError
from ..engines.engine import Engine
from ..protocol.tensors import Array
from . import batch
from .job import Job, Outputs, Part
from .parameters import BatchingParameters
from .queue import BatchQueue

SMALL_PART = 8
"""Rows that are not worth a thread of their own."""


class Batcher:
    """Runs what is submitted on an engine, several requests at once where they fit.

    Requests that fail in company run again with fewer neighbours, so that a bad one spoils only itself.

    Args:
        engine: what calls the model.
        parameters: how large batches are and how long they gather; None to run each request alone.
    """

    def __init__(self, engine: Engine, parameters: BatchingParameters | None) -> None:
        self._engine = engine
        self._joins = parameters is not None
        self._parameters = parameters or BatchingParameters()
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
            The answer to be. Once it is cancelled, or failed, whatever of the request still waits is dropped.

        Raises:
            RequestError: too many rows are waiting or the version is being unloaded (UNAVAILABLE), or the request has
                more rows than one may have, or than a batch may have and the parameters forbid to split it.
        """
        most = self._parameters.execution_rows
        rows = batch.rows(name, self._engine.signatures[name], inputs, outputs, share=self._joins)
        if rows and rows.key and rows.count > most and not self._parameters.enable_large_batch_splitting:
            raise RequestError(
                f"The request has {rows.count} rows, more than max_batch_size, {most}. Send fewer at once"
            )
        job = Job(name, inputs, outputs, rows, self._cut(rows.count) if rows else most)
        with self._change:
            if self._closed:
                raise RequestError("The version is being unloaded", "UNAVAILABLE")
            self._queue.add(job)
            self._change.notify(len(job.waiting))
        job.future.add_done_callback(lambda _: self._drop(job))
        return job.future

    def _drop(self, job: Job) -> None:
        """Let nothing of a job wait any more."""
        if job.waiting:
            with self._change:
                self._queue.drop(job)

    def _cut(self, rows: int) -> int:
        """Rows of the parts a job is cut into: one for each thread, unless they come out too large or small."""
        most = self._parameters.execution_rows
        if not self._parameters.enable_large_batch_splitting or self._parameters.allowed_batch_sizes:
            return most
        return min(most, max(SMALL_PART, math.ceil(rows / len(self._threads))))

    def close(self) -> None:
        """Run what was submitted, and end. A second call changes nothing."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while parts := self._take():
            self._run([part for part in parts if not part.job.future.done()])
            parts.clear()  # nothing of a request outlives its answer while this waits for the next

    def _take(self) -> list[Part]:
        """The next batch, as soon as there is one; empty at the end."""
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
        except Exception as error:  # whatever it is, its client is told and the others are served
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
                batch.check_rows(answer, parts[0].rows)
            return [answer]
        rows = sum(part.rows for part in parts)
        padded = self._parameters.padded(rows)
        answer = self._engine.run(job.name, batch.join([part.inputs for part in parts], padded), job.outputs)
        batch.check_rows(answer, padded)
        if len(parts) == 1 and padded == rows:
            return [answer]
        starts = [0]
        for part in parts:
            starts.append(starts[-1] + part.rows)
        return [batch.cut(answer, start, start + part.rows) for start, part in zip(starts, parts, strict=False)]
