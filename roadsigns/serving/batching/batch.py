"""The rows of a request: how many there are, with whom they may share a batch, how a batch is put together and cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import RequestError
from ..protocol import keep_probability
from ..protocol.signature import Signature, TensorSpec
from ..protocol.tensors import Array

Key = tuple[object, ...]


@dataclass(frozen=True)
class Rows:
    """The inputs of a request whose rows stand for themselves, so that they may run in several batches.

    Attributes:
        inputs: what is fed.
        count: how many rows the answer has, one or more.
        key: requests of equal key may share a batch; None for a request that shares with nobody.
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


def rows(
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
    keeps = keep_probability.names(signature)
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
    plain = keep_probability.without_ones(signature, inputs) if share else None
    if plain is None:
        return Rows(dict(inputs), count, keeps=keeps)
    shapes = tuple((array.dtype.str, array.shape[1:]) for array in plain.values())
    return Rows(plain, count, (name, None if outputs is None else tuple(outputs), *plain, *shapes))


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
    """Find out whether a model kept to its signature.

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
