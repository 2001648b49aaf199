"""A SavedModel run by TensorFlow, the fastest way that gives the memory back.

The graph is put into a session of its own instead of `tf.saved_model.load`: the call skips the Python wrapper of a
signature, and what a closed session held is free again, where functions that were loaded stay for the life of the
process. Signatures with keep probabilities are there a second time with the constant 1 in their place, so that
TensorFlow folds away the assertions and the branches that drop units.

Source: TensorFlow's SavedModel guide; `saved_model.proto` and `saver.proto` for what is run to load one.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ... import backend
from ...errors import ModelError, RequestError
from .. import memory
from ..protocol.signature import NUMPY, Signature
from ..protocol.tensors import Array
from . import saved_model

_AT_ONE = "at_one"
_NOISE = re.compile(r"Graph execution error:|Detected at node|\[\[\{\{|\d+ root error|File \"|hint:", re.IGNORECASE)
_PREFIX = re.compile(r"(\(\d+\)\s+)?([A-Z_]+:\s+)?(assertion failed:\s+)?")
_Call = Callable[..., list[Array]]


class TensorFlowEngine:
    """A SavedModel in a TensorFlow session.

    Attributes:
        signatures: what it serves, by name.
    """

    def __init__(self, path: Path, intra_op_threads: int = 0, inter_op_threads: int = 0) -> None:
        """Arguments and errors as for `choice.load`."""
        with contextlib.nullcontext() if "tensorflow" in sys.modules else memory.staying():
            self._tf = backend.require_tensorflow("Serving a model by TensorFlow")
        saved = saved_model.read_graph(path)
        self.signatures: Mapping[str, Signature] = saved_model.signatures(saved)
        self._graph = self._tf.Graph()
        config = self._tf.compat.v1.ConfigProto(
            intra_op_parallelism_threads=intra_op_threads,
            inter_op_parallelism_threads=inter_op_threads,
            use_per_session_threads=bool(intra_op_threads or inter_op_threads),
        )
        config.gpu_options.allow_growth = True  # two versions share the device while one replaces the other
        self._session = self._tf.compat.v1.Session(graph=self._graph, config=config)
        self._calls: dict[tuple[str, tuple[str, ...], tuple[str, ...]], _Call] = {}
        self._lock = threading.Lock()
        try:
            self._import(saved.graph_def)
            for operation, fed in saved_model.start_calls(path, saved):
                self._session.run(operation, fed)
        except Exception as error:  # TensorFlow raises OpError, ValueError, KeyError, ... for a damaged file
            self._session.close()
            raise ModelError(
                f"{str(path)!r} cannot be loaded: {essence(getattr(error, 'message', str(error)))}"
            ) from error

    def _import(self, graph_def: Any) -> None:
        """Put the graph into ours; once more with keep probabilities of 1, on the same variables."""
        import_graph = self._tf.graph_util.import_graph_def
        keeps = [
            signature.inputs[name] for signature in self.signatures.values() for name in signature.keep_probabilities
        ]
        with self._graph.as_default():
            import_graph(graph_def, name="")
            if keeps:
                ones = {spec.tensor: self._tf.constant([1.0] if spec.shape is None else 1.0) for spec in keeps}
                import_graph(graph_def, input_map=ones, name=_AT_ONE)

    def run(self, name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None) -> dict[str, Array]:
        """As `Engine.run`."""
        signature = self.signatures[name]
        wanted = tuple(sorted(signature.outputs if outputs is None else outputs))
        given = tuple(sorted(inputs))
        call = self._calls.get((name, given, wanted)) or self._make_call(name, given, wanted)
        fed = [np.asarray(inputs[key], NUMPY[signature.inputs[key].dtype]) for key in given]
        try:
            return dict(zip(wanted, call(*fed), strict=True))
        except self._tf.errors.OpError as error:
            raise _refused(error) from error

    def _make_call(self, name: str, given: tuple[str, ...], wanted: tuple[str, ...]) -> _Call:
        signature = self.signatures[name]
        prefix = "" if len(given) == len(signature.inputs) else f"{_AT_ONE}/"
        with self._lock:
            tensor = self._graph.get_tensor_by_name
            call: _Call = self._session.make_callable(
                [tensor(prefix + signature.outputs[key].tensor) for key in wanted],
                [tensor(prefix + signature.inputs[key].tensor) for key in given],
            )
            self._calls[name, given, wanted] = call
        return call

    def close(self) -> None:
        """As `Engine.close`."""
        self._calls.clear()
        self._session.close()


def _refused(error: Any) -> RequestError:
    """A model that refuses what it is given blames the client, whatever TensorFlow calls it."""
    code = {1: "CANCELLED", 8: "RESOURCE_EXHAUSTED"}.get(error.error_code, "INVALID_ARGUMENT")
    return RequestError(essence(error.message), code)


def essence(message: str) -> str:
    r"""The first line of `message` that speaks of the matter, without the graph's nodes and the brackets of assertions.

    `Graph execution error:\n\nassertion failed: [x is bad:] [3]\n\t [[{{node Assert}}]]` becomes `x is bad: 3`.
    """
    lines = (line.strip() for line in message.splitlines())
    line = next((line for line in lines if line and not _NOISE.match(line)), message.strip())
    prefix = _PREFIX.match(line)
    if prefix is None:
        return line
    rest = line[prefix.end() :]
    if prefix[3] and rest.startswith("["):
        rest = " ".join(rest.removeprefix("[").removesuffix("]").split("] ["))
    return rest or line
