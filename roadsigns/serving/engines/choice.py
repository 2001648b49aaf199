"""Which engine runs a version: TensorFlow, or ONNX Runtime where it can."""

from __future__ import annotations

from pathlib import Path

from ...errors import UsageError
from .engine import Engine
from .picture_engine import PictureEngine

ENGINES = ("tensorflow", "onnxruntime")
"""The values of `--engine`, the default first."""

CALLERS_THREAD = -1
"""For `inter_op_threads`: operations run one by one in the thread that calls."""


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
    if kind == "tensorflow":
        from .tensorflow_engine import TensorFlowEngine

        return PictureEngine(TensorFlowEngine(path, intra_op_threads, inter_op_threads), path)
    if kind == "onnxruntime":
        from .onnx_engine import OnnxEngine

        return PictureEngine(OnnxEngine(path, intra_op_threads, inter_op_threads), path)
    raise UsageError(f"Invalid value for --engine: expected {' or '.join(ENGINES)}. Received: {kind!r}")
