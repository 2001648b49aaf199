"""What every engine is: a loaded version whose signatures can be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..protocol.signature import Signature
from ..protocol.tensors import Array


class Engine(Protocol):
    """One loaded version of a model, whose signatures any thread can call.

    Attributes:
        signatures: what it serves, by name.
    """

    signatures: Mapping[str, Signature]

    def run(self, name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None) -> dict[str, Array]:
        """Call a signature.

        Args:
            name: one of `signatures`.
            inputs: arrays of its dtypes and shapes, strings as bytes in object arrays. Keep probabilities that are
                left out, all of them, are 1.
            outputs: which outputs are wanted; None for all.

        Returns:
            The outputs, sorted by name.

        Raises:
            RequestError: the model refuses the inputs.
        """

    def close(self) -> None:
        """Give back what the model holds; nobody calls it any more."""
