"""Which engine runs a version: ONNX Runtime where it is known to answer as the graph does, or else TensorFlow."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path

from ... import agreement
from ...errors import ModelError, UsageError
from ...exported import DEFAULT_SIGNATURE
from .engine import Engine
from .picture_engine import PictureEngine

ENGINES = ("auto", "tensorflow", "onnxruntime")
"""The values of `--engine`, the default first."""

CALLERS_THREAD = -1
"""For `inter_op_threads`: operations run one by one in the thread that calls."""

_log = logging.getLogger(__name__)


def load(path: Path, kind: str = ENGINES[0], *, intra_op_threads: int = 0, inter_op_threads: int = 0) -> Engine:
    """Load a SavedModel.

    TensorFlow is loaded only where it is needed: for `tensorflow`, and for a version whose ONNX files are not known to
    answer as its graph does.

    Args:
        path: a version's folder.
        kind: one of `ENGINES`; `auto` is ONNX Runtime where that is known.
        intra_op_threads: threads within an operation, 0 for all cores.
        inter_op_threads: operations at a time, 0 for all cores; or `CALLERS_THREAD`.

    Raises:
        ModelError: it cannot be loaded, or the engine is not installed.
        UsageError: there is no engine of this name.
    """
    if kind not in ENGINES:
        raise UsageError(f"Invalid value for --engine: expected {', '.join(ENGINES)}. Received: {kind!r}")
    threads = intra_op_threads, inter_op_threads
    doubt = "" if kind == "tensorflow" else _doubt(path)
    if kind != "tensorflow" and not doubt:
        from .onnx_engine import OnnxEngine

        made = PictureEngine(OnnxEngine(path, *threads), path, agrees=True)
        if made.signatures.keys() <= made.short | {DEFAULT_SIGNATURE}:
            return made
        made.close()
        doubt = "it has signatures of its own"
    if kind == "auto":
        _log.info("%r runs on TensorFlow: %s", str(path), doubt)
    from .tensorflow_engine import TensorFlowEngine

    graph: Engine = TensorFlowEngine(path, *threads)
    if kind == "onnxruntime":
        from .onnx_engine import OnnxEngine

        try:
            graph = OnnxEngine(path, *threads, graph)
        except ModelError:
            graph.close()
            raise
    return PictureEngine(graph, path)


def _doubt(path: Path) -> str:
    """Why ONNX Runtime is not known to answer as the graph does; empty where it is."""
    if not importlib.util.find_spec("onnxruntime"):
        return "ONNX Runtime is not installed"
    try:
        return agreement.doubt(path)
    except OSError as error:
        return f"it cannot be read: {error}"
