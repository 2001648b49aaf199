"""What runs a version's signatures: TensorFlow, or ONNX Runtime where it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ...errors import UsageError
from ..protocol.signature import Signature
from ..protocol.tensors import Array

ENGINES = ("tensorflow", "onnxruntime")
"""The values of `--engine`, the default first."""


CALLERS_THREAD = -1
"""For `inter_op_threads`: operations run one by one in the thread that calls."""


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


def load(path: Path, kind: str = ENGINES[0], *, intra_op_threads: int = 0, inter_op_threads: int = 0) -> Engine:
    """Load a SavedModel.

    Args:
        path: a version's folder.
        kind: one of `ENGINES`.
        intra_op_threads: threads within an operation, 0 for all cores.
        inter_op_threads: operations at a time, 0 for all cores; or `CALLERS_THREAD`.

    Raises:
        ModelError: it cannot be loaded, or the engine is not installed.
        UsageError: there is no engine of this name.
    """
    from .picture_engine import PictureEngine

    if kind == "tensorflow":
        from .tensorflow_engine import TensorFlowEngine

        return PictureEngine(TensorFlowEngine(path, intra_op_threads, inter_op_threads), path)
    if kind == "onnxruntime":
        from .onnx_engine import OnnxEngine

        return PictureEngine(OnnxEngine(path, intra_op_threads, inter_op_threads), path)
    raise UsageError(f"Invalid value for --engine: expected {' or '.join(ENGINES)}. Received: {kind!r}")
