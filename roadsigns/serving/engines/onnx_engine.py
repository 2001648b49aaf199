"""A SavedModel whose plain predictions ONNX Runtime makes, and TensorFlow the rest."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...errors import ModelError
from ...exported import DEFAULT_SIGNATURE, ONNX
from ..protocol.signature import Signature
from ..protocol.tensors import Array
from .tensorflow_engine import TensorFlowEngine


class OnnxEngine:
    """A SavedModel with an ONNX file beside it.

    ONNX Runtime answers `serving_default` at keep probability 1. Whatever drops units goes to TensorFlow, and so do
    keep probabilities that are none, which the SavedModel refuses; the other signatures too, since they preprocess.

    Attributes:
        signatures: what it serves, by name.
    """

    def __init__(self, path: Path, intra_op_threads: int = 0, inter_op_threads: int = 0) -> None:
        """Arguments and errors as for `choice.load`."""
        file = path / ONNX
        if not importlib.util.find_spec("onnxruntime"):
            raise ModelError(
                "--engine onnxruntime needs ONNX Runtime, which is not installed. "
                "Run: pip install 'roadsigns[onnxruntime]'"
            )
        if not file.is_file():
            raise ModelError(
                f"{str(path)!r} has no {str(ONNX)!r}. Export the model again where "
                "'roadsigns[onnxruntime]' is installed, or serve it with --engine tensorflow"
            )
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = intra_op_threads
        options.inter_op_num_threads = max(0, inter_op_threads)
        # Threads that spin while they wait take the cores from whoever reads and writes the requests.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions have no base of their own
            raise ModelError(f"{str(file)!r} cannot be loaded: {error}. Export the model again") from error
        self._tensorflow = TensorFlowEngine(path, intra_op_threads, inter_op_threads)
        self.signatures: Mapping[str, Signature] = self._tensorflow.signatures

    def run(self, name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None) -> dict[str, Array]:
        """As `Engine.run`."""
        if name == DEFAULT_SIGNATURE and inputs.keys() == {"x"} and outputs in (None, ["y"], ("y",)):
            return {"y": self._session.run(["y"], {"x": inputs["x"]})[0]}
        return self._tensorflow.run(name, inputs, outputs)

    def close(self) -> None:
        """As `Engine.close`."""
        del self._session
        self._tensorflow.close()
