"""The keep probabilities among a signature's inputs: whether a request asks for no units to drop."""

from __future__ import annotations

from collections.abc import Mapping

from .signature import Signature
from .tensors import Array

NAMES = ("keep_prob", "keep_prob_conv")
"""Inputs that are shares of units kept; 1 is exact."""


def names(signature: Signature) -> tuple[str, ...]:
    """Those that `signature` has beside other inputs: floats that may be scalars."""
    found = tuple(
        name
        for name in NAMES
        if (spec := signature.inputs.get(name)) and spec.dtype == "DT_FLOAT" and spec.shape in (None, ())
    )
    return found if len(found) < len(signature.inputs) else ()


def without_ones(signature: Signature, inputs: Mapping[str, Array]) -> dict[str, Array] | None:
    """The inputs but for the keep probabilities, where these are all 1 and ask for one answer a row; else None.

    A keep probability may be a scalar, one value, or one value a row.
    """
    keeps = names(signature)
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
