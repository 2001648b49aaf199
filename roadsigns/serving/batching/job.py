"""A request on its way through the batches: its rows are counted, cut into parts, and the parts' answers joined."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from ...errors import RequestError
from ..protocol.signature import Signature, TensorSpec
from ..protocol.tensors import Array

Outputs = dict[str, Array]
Key = tuple[object, ...]


@dataclass(frozen=True)
class Rows:
    """The inputs of a request whose rows do not depend on each other, so that they may run in several batches.

    Attributes:
        inputs: what is fed.
        count: how many rows the answer has, one or more.
        key: requests of equal key may share a batch; None for a request that runs alone.
        keeps: names of the inputs that are keep probabilities: one value, or one a row.
    """

    inputs: dict[str, Array]
    count: int
    key: Key | None = None
    keeps: tuple[str, ...] = ()

    def cut(self, start: int, stop: int) -> dict[str, Array]:
        """The inputs for the rows from `start` to `stop`: views, and whole where one value or picture serves all."""
        made = {}
        for name, array in self.inputs.items():
            if name in self.keeps:
                made[name] = array if array.size == 1 else array.reshape(-1)[start:stop]
            else:
                made[name] = array if len(array) < self.count else array[start:stop]
        return made


def rows_of(
    name: str, signature: Signature, inputs: Mapping[str, Array], outputs: Sequence[str] | None, *, share: bool
) -> Rows | None:
    """The rows of a request; None if its inputs have to be run as they are.

    A request has rows if its signature has a free first axis on every input and output, keep probabilities apart, and
    if all inputs have the same number of rows. One picture with several keep probabilities has as many rows as those.
    Rows of several requests share a batch where all keep probabilities are 1.

    Args:
        name: which signature is called.
        signature: what it takes and gives.
        inputs: as for `Engine.run`, with all inputs.
        outputs: as for `Engine.run`.
        share: whether batches are shared at all.
    """
    keeps = signature.keep_probabilities
    specs = [spec for key, spec in signature.inputs.items() if key not in keeps]
    if not all(map(_has_rows, [*specs, *signature.outputs.values()])):
        return None
    pictures = {key: array for key, array in inputs.items() if key not in keeps}
    sizes = {len(array) for array in pictures.values()}
    if len(sizes) != 1 or not (count := sizes.pop()):
        return None
    if count == 1:
        count = max(1, *(inputs[key].size for key in keeps)) if keeps else 1
    if any(inputs[key].size not in (1, count) for key in keeps):
        return None
    plain = without_ones(signature, inputs) if share else None
    if plain is None:
        return Rows(dict(inputs), count, keeps=keeps)
    shapes = tuple((array.dtype.str, array.shape[1:]) for array in plain.values())
    return Rows(plain, count, (name, None if outputs is None else tuple(outputs), *plain, *shapes))


class Job:
    """A submitted request.

    Args:
        name, inputs, outputs: as for `Engine.run`.
        rows: those of the inputs; None if the inputs have to be run as they are.
        most: rows that may run at once.

    Attributes:
        key: jobs of equal key may share a batch; None for a job that runs alone.
        future: the answer, once there is one. It can be cancelled before.
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
        whole = pieces[0] if len(pieces) == 1 else join(pieces)
        with suppress(InvalidStateError):  # cancelled meanwhile
            self.future.set_result(whole)

    def fail(self, error: Exception) -> None:
        """Have the whole job fail."""
        with suppress(InvalidStateError):  # another part failed before, or the caller has gone
            self.future.set_exception(error)


@dataclass(frozen=True, eq=False)
class Part:
    """What runs in one batch: all rows of a job, or some rows of a large job; a job without rows counts as one row."""

    job: Job
    start: int
    rows: int
    inputs: Mapping[str, Array]


def without_ones(signature: Signature, inputs: Mapping[str, Array]) -> dict[str, Array] | None:
    """The inputs without keep probabilities, if these are all 1 and ask for one answer a row; else None.

    A keep probability may be a scalar, one value, or one value a row.
    """
    keeps = signature.keep_probabilities
    rest = {name: value for name, value in inputs.items() if name not in keeps}
    first = next(iter(rest.values()), None)
    if first is None or not first.ndim:
        return None
    for name in keeps:
        keep = inputs[name]
        if keep.size == 1:
            if keep.item() != 1:
                return None
        elif keep.shape != first.shape[:1] or not (keep == 1).all():
            return None
    return rest


def join(parts: Sequence[Mapping[str, Array]], count: int = 0) -> dict[str, Array]:
    """The rows of all parts, in order; the last row is repeated until there are `count`."""
    joined = {}
    for name in parts[0]:
        arrays = [part[name] for part in parts]
        missing = count - sum(map(len, arrays))
        if missing > 0:
            arrays.append(np.repeat(arrays[-1][-1:], missing, axis=0))
        joined[name] = np.concatenate(arrays) if len(arrays) > 1 else arrays[0]
    return joined


def cut(arrays: Mapping[str, Array], start: int, stop: int) -> dict[str, Array]:
    """The rows from `start` to `stop` of each array; views."""
    return {name: array[start:stop] for name, array in arrays.items()}


def check_rows(outputs: Mapping[str, Array], count: int) -> None:
    """Check that a model gave as many rows as it took.

    Raises:
        RequestError: an output has another number of rows than the batch (INTERNAL).
    """
    for name, array in outputs.items():
        if not array.ndim or len(array) != count:
            raise RequestError(
                f"Output `{name}` has shape {list(array.shape)}: expected {count} rows. "
                "A model whose rows depend on each other cannot be batched",
                "INTERNAL",
            )


def _has_rows(spec: TensorSpec) -> bool:
    return bool(spec.shape) and spec.shape is not None and spec.shape[0] == -1
