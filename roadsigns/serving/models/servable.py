"""One loaded version of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from ...errors import RequestError
from ...exported import DEFAULT_SIGNATURE
from ..batching.batcher import Batcher
from ..batching.parameters import DEFAULTS, BatchingParameters
from ..engines import choice
from ..protocol.refusals import unknown_signature
from ..protocol.signature import Signature, TensorSpec
from ..protocol.tensors import Array


class Servable:
    """One loaded version of a model; any thread may call it.

    Args:
        model: the name it is served under.
        version: its number.
        path: the folder of its SavedModel.
        kind: the engine, one of `choice.ENGINES`.
        batching: how requests share batches; None to run each alone.
        intra_op_threads, inter_op_threads: as for `choice.load`. With 0 for both, a batch has one core where several
            run side by side: cores that wait for each other at every operation lose more than they win.

    Attributes:
        model, version, path: as given.
        signatures: what it serves, by name.

    Raises:
        ModelError: the version cannot be loaded.
    """

    def __init__(
        self,
        model: str,
        version: int,
        path: Path,
        kind: str = choice.ENGINES[0],
        batching: BatchingParameters | None = DEFAULTS,
        *,
        intra_op_threads: int = 0,
        inter_op_threads: int = 0,
    ) -> None:
        self.model = model
        self.version = version
        self.path = path
        if batching and batching.num_batch_threads > 1 and not (intra_op_threads or inter_op_threads):
            intra_op_threads, inter_op_threads = 1, choice.CALLERS_THREAD
        self.engine = choice.load(path, kind, intra_op_threads=intra_op_threads, inter_op_threads=inter_op_threads)
        self.signatures: Mapping[str, Signature] = self.engine.signatures
        self._batcher = Batcher(self.engine, batching)

    def submit(
        self, signature_name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None
    ) -> Future[dict[str, Array]]:
        """Have a signature called, together with whatever else waits and fits.

        Args:
            signature_name: empty for `serving_default`.
            inputs: all of the signature's, in its dtypes; strings as bytes in object arrays.
            outputs: which outputs are wanted; None for all.

        Returns:
            The outputs to be, sorted by name; or the RequestError with which the model refuses the inputs. It may be
            cancelled as long as it waits.

        Raises:
            RequestError: the signature, an input or an output is missing, a shape or dtype is not the signature's, or
                too much is waiting already (UNAVAILABLE).
        """
        name = signature_name or DEFAULT_SIGNATURE
        signature = self.signatures.get(name)
        if signature is None:
            raise unknown_signature(name)
        if inputs.keys() != signature.inputs.keys():
            raise RequestError(f"Inputs must be {_list(signature.inputs)}. Received: {_list(inputs)}")
        for key, spec in signature.inputs.items():
            _check_shape(key, inputs[key], spec)
        if outputs is not None and not signature.outputs.keys() >= set(outputs):
            raise RequestError(f"Outputs are {_list(signature.outputs)}. Received: {_list(outputs)}")
        return self._batcher.submit(name, inputs, outputs)

    def run(
        self, signature_name: str, inputs: Mapping[str, Array], outputs: Sequence[str] | None = None
    ) -> dict[str, Array]:
        """`submit`, and wait for the answer; raises what it holds."""
        return self.submit(signature_name, inputs, outputs).result()

    def close(self) -> None:
        """Finish what was submitted, and give back what the model holds."""
        self._batcher.close()
        self.engine.close()


def _check_shape(name: str, array: Array, spec: TensorSpec) -> None:
    """A graph would stretch some wrong shapes until they fit."""
    if spec.shape is None:
        return
    if len(spec.shape) != array.ndim or any(
        want not in (-1, size) for want, size in zip(spec.shape, array.shape, strict=True)
    ):
        raise RequestError(
            f"Invalid shape of `{name}`: expected {list(spec.shape)}, where -1 is any size. "
            f"Received: {list(array.shape)}"
        )


def _list(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(sorted(names)) or "none"
