"""Which requests may share a batch, and how they are put together and taken apart."""

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
class Joinable:
    """What a request whose rows stand for themselves brings into a batch.

    Attributes:
        key: requests of equal key may share a batch.
        inputs: what is fed, without keep probabilities of 1.
        rows: how many rows each input has, one or more.
    """

    key: Key
    inputs: dict[str, Array]
    rows: int


def joinable(
    name: str, signature: Signature, inputs: Mapping[str, Array], outputs: Sequence[str] | None
) -> Joinable | None:
    """What a request brings into a batch; None if it has to run alone.

    It may join if the signature has a free first axis on every input and output, keep probabilities apart, if these
    are 1, and if all inputs have the same number of rows.
    """
    keeps = keep_probability.names(signature)
    specs = [spec for key, spec in signature.inputs.items() if key not in keeps]
    if not all(map(_has_rows, [*specs, *signature.outputs.values()])):
        return None
    rest = keep_probability.without_ones(signature, inputs)
    if not rest:
        return None
    sizes = {len(array) for array in rest.values()}
    if len(sizes) != 1 or not (rows := sizes.pop()):
        return None
    shapes = tuple((array.dtype.str, array.shape[1:]) for array in rest.values())
    return Joinable((name, None if outputs is None else tuple(outputs), *rest, *shapes), rest, rows)


def join(parts: Sequence[Mapping[str, Array]], rows: int = 0) -> dict[str, Array]:
    """The rows of all parts, in order; the last row is repeated until there are `rows`."""
    joined = {}
    for name in parts[0]:
        arrays = [part[name] for part in parts]
        missing = rows - sum(map(len, arrays))
        if missing > 0:
            arrays.append(np.repeat(arrays[-1][-1:], missing, axis=0))
        joined[name] = np.concatenate(arrays) if len(arrays) > 1 else arrays[0]
    return joined


def cut(arrays: Mapping[str, Array], start: int, stop: int) -> dict[str, Array]:
    """The rows from `start` to `stop` of each array; views."""
    return {name: array[start:stop] for name, array in arrays.items()}


def check_rows(outputs: Mapping[str, Array], rows: int) -> None:
    """Find out whether a model kept to its signature.

    Raises:
        RequestError: an output has another number of rows than the batch (INTERNAL).
    """
    for name, array in outputs.items():
        if not array.ndim or len(array) != rows:
            raise RequestError(
                f"Output `{name}` has shape {list(array.shape)}: expected {rows} rows. "
                "A model whose rows depend on each other cannot be batched",
                "INTERNAL",
            )


def _has_rows(spec: TensorSpec) -> bool:
    return bool(spec.shape) and spec.shape is not None and spec.shape[0] == -1
