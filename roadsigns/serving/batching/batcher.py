"""Dynamic batching: a request runs at once if the engine is free; those that have to wait gather and run together.

Source: Olston et al., "TensorFlow-Serving: Flexible, High-Performance ML Serving", 2017, for the idea.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from ...errors import RequestError
from ..engines.engine import Engine
from ..protocol.tensors import Array
from . import joining
from .parameters import BatchingParameters
from .parts import Answer, Part, Request
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

    def submit(self, name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None) -> Future[Answer]:
        """Have signature `name` called; arguments as for `Engine.run`, with all inputs.

        Raises:
            RequestError: too many rows are waiting or the version is being unloaded (UNAVAILABLE), or the request has
                more rows than a batch may have and the parameters forbid to split it.
        """
        most = self._parameters.execution_rows
        joinable = joining.joinable(name, self._engine.signatures[name], inputs, outputs) if self._joins else None
        if joinable and joinable.rows > most and not self._parameters.enable_large_batch_splitting:
            raise RequestError(
                f"The request has {joinable.rows} rows, more than max_batch_size, {most}. Send fewer at once"
            )
        request = Request(name, inputs, outputs, joinable, self._cut(joinable.rows) if joinable else most)
        with self._change:
            if self._closed:
                raise RequestError("The version is being unloaded", "UNAVAILABLE")
            self._queue.add(request.parts)
            self._change.notify(len(request.parts))
        return request.future

    def _cut(self, rows: int) -> int:
        """Rows of the parts a request is cut into: one for each thread, unless they come out too large or small."""
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
        while batch := self._take():
            self._run([part for part in batch if part.request.begin()])
            batch.clear()  # nothing of a request outlives its answer while this waits for the next

    def _take(self) -> list[Part]:
        """The next batch, as soon as there is one; empty at the end."""
        with self._change:
            while True:
                now = math.inf if self._closed else time.monotonic()
                if batch := self._queue.take(now):
                    return batch
                if self._closed:
                    return []
                self._change.wait(self._queue.patience(now))

    def _run(self, batch: Sequence[Part]) -> None:
        if not batch:
            return
        try:
            answers = self._answers(batch)
        except Exception as error:  # whatever it is, its client is told and the others are served
            if len(batch) == 1:
                batch[0].request.fail(error)
                return
            half = len(batch) // 2
            self._run(batch[:half])
            self._run(batch[half:])
            return
        for part, answer in zip(batch, answers, strict=True):
            part.request.answer(part.start, answer)

    def _answers(self, batch: Sequence[Part]) -> list[Answer]:
        """Run parts together, and give each its rows of the answer."""
        request = batch[0].request
        if request.key is None:
            return [self._engine.run(request.name, batch[0].inputs, request.outputs)]
        rows = sum(part.rows for part in batch)
        padded = self._parameters.padded(rows)
        answer = self._engine.run(request.name, joining.join([part.inputs for part in batch], padded), request.outputs)
        joining.check_rows(answer, padded)
        if len(batch) == 1 and padded == rows:
            return [answer]
        starts = [0]
        for part in batch:
            starts.append(starts[-1] + part.rows)
        return [joining.cut(answer, start, start + part.rows) for start, part in zip(starts, batch, strict=False)]
