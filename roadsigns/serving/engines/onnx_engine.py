"""The exported ONNX files run by ONNX Runtime; TensorFlow answers what the files cannot, or are not known to.

Where the files are known to answer as the graph does, TensorFlow is not needed at all.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ... import exported
from ...errors import ModelError, RequestError
from ...exported import DEFAULT_SIGNATURE, ONNX
from ..protocol.signature import KEEP_PROBABILITIES, Signature
from ..protocol.tensors import Array
from . import saved_model
from .engine import Engine


class OnnxEngine:
    """A SavedModel with ONNX files beside it.

    ONNX Runtime answers `serving_default`. The other signatures are left to the graph, since they preprocess; so are
    keep probabilities below 1 where the export has no file for them.

    Args:
        path: a version's folder.
        intra_op_threads, inter_op_threads: as for `choice.load`.
        graph: what runs the graph, closed with this; None where nothing is left to it.

    Attributes:
        signatures: what it serves, by name.

    Raises:
        ModelError: ONNX Runtime or a file is missing, or a file is damaged.
    """

    def __init__(
        self, path: Path, intra_op_threads: int = 0, inter_op_threads: int = 0, graph: Engine | None = None
    ) -> None:
        file = path / ONNX
        if not importlib.util.find_spec("onnxruntime"):
            raise ModelError(
                "--engine onnxruntime needs ONNX Runtime, which is not installed. Run: pip install onnxruntime"
            )
        if not file.is_file():
            raise ModelError(
                f"{str(path)!r} has no {str(ONNX)!r}. Export the model again, or serve it with --engine tensorflow"
            )
        self._threads = intra_op_threads, max(0, inter_op_threads)
        self._exact = self._session(file)
        self._dropping: Any = None  # made when units are first dropped, which few ask for
        self._file = path / exported.DROPPING
        self._lock = threading.Lock()
        self._graph = graph
        self.signatures: Mapping[str, Signature] = (
            graph.signatures if graph else saved_model.signatures(saved_model.read_graph(path))
        )

    def run(self, name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None) -> dict[str, Array]:
        """As `Engine.run`."""
        wanted = self.signatures[name].outputs.keys() if outputs is None else set(outputs)
        if name != DEFAULT_SIGNATURE or not wanted <= {"y"}:
            return self._by_graph(name, inputs, outputs)
        x, keeps = answers(inputs["x"], {name: inputs[name] for name in KEEP_PROBABILITIES if name in inputs})
        if not len(x) or all((keep == 1).all() for keep in keeps.values()):
            return dict.fromkeys(wanted, self._keep_all(x))
        if not self._file.is_file():
            return self._by_graph(name, inputs, outputs)
        return dict.fromkeys(wanted, self._drop(x, keeps))

    def close(self) -> None:
        """As `Engine.close`."""
        self._exact = self._dropping = None
        if self._graph is not None:
            self._graph.close()

    def _by_graph(self, name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None) -> dict[str, Array]:
        if self._graph is None:
            raise KeyError(name)  # whoever makes this without a graph has seen to it that none is needed
        return self._graph.run(name, inputs, outputs)

    def _keep_all(self, x: Array) -> Array:
        """The answers where no unit drops; ONNX Runtime fails on no picture."""
        some = x if len(x) else np.zeros((1, *x.shape[1:]), x.dtype)
        made: Array = self._exact.run(["y"], {"x": some})[0]
        return made[: len(x)]

    def _drop(self, x: Array, keeps: Mapping[str, Array]) -> Array:
        """The answers where units drop, each with random numbers of its own."""
        with self._lock:
            if self._dropping is None:
                self._dropping = self._session(self._file)
        session = self._dropping
        random = np.random.default_rng()
        fed = {"x": x, **keeps}
        for given in session.get_inputs():
            if given.name not in fed:
                fed[given.name] = random.random((len(x), *given.shape[1:]), np.float32)
        made: Array = session.run(["y"], fed)[0]
        return made

    def _session(self, file: Path) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self._threads
        # Threads that spin while they wait take the cores from whoever reads and writes the requests.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions have no base of their own
            raise ModelError(f"{str(file)!r} cannot be loaded: {error}. Export the model again") from error


def answers(x: Array, keeps: Mapping[str, Array]) -> tuple[Array, dict[str, Array]]:
    """Pictures and keep probabilities with one row an answer, as the graph of an export has them.

    Args:
        x: shape `(N, ...)`.
        keeps: by name; any shape, of one value or one an answer. One picture has as many answers as there are values.

    Raises:
        RequestError: a keep probability outside (0, 1], NaN included, or another number of them.
    """
    keeps = {name: np.ravel(keep) for name, keep in keeps.items()}
    count = len(x) if len(x) != 1 else max([1, *(keep.size for keep in keeps.values())])
    for name, keep in keeps.items():
        if keep.size not in (1, count):
            raise RequestError(
                f"Invalid shape of `{name}`: expected one number, or one for each answer. Received and answers: "
                f"{keep.size} {count}"
            )
        bad = keep[~((keep > 0) & (keep <= 1))]
        if bad.size:
            values = " ".join(f"{value:g}" for value in bad[:3])
            raise RequestError(f"Invalid value for `{name}`: expected numbers in (0, 1]. Received: {values}")
    return np.broadcast_to(x, (count, *x.shape[1:])), {
        name: np.broadcast_to(keep, (count,)) for name, keep in keeps.items()
    }
