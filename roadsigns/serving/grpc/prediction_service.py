"""The gRPC PredictionService on the stubs of `tensorflow-serving-api`.

Source: the `.proto` files of TensorFlow Serving's `apis`, and the errors of its `predict_util` and
`get_model_metadata_impl`, by behaviour.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent import futures
from typing import Any

from ...errors import RequestError
from ...exported import DEFAULT_SIGNATURE
from .. import tensor_proto
from ..metrics import UNKNOWN, Metrics
from ..models.manager import Manager
from ..models.servable import Servable
from ..protocol import examples, limits
from ..protocol.refusals import unknown_signature
from ..protocol.signature import CLASSIFY, REGRESS, Signature, TensorSpec
from ..protocol.tensors import Array
from ..protos import get_model_metadata_pb2, meta_graph_pb2, predict_pb2, prediction_service_pb2_grpc, types_pb2
from .call import read_spec, refusing


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Calls of models.

    Args:
        manager: has the models.
        metrics: is told of every call.
        max_bytes: room that one input may take.
        max_pixels: of all pictures of a request together.
    """

    def __init__(self, manager: Manager, metrics: Metrics, max_bytes: int, max_pixels: int) -> None:
        self._manager = manager
        self._metrics = metrics
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels

    @refusing
    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run a signature."""
        started = time.perf_counter()
        try:
            answer = self._predict(request, context)
        except RequestError as error:
            self._count_failure(request, error.code)
            raise
        except Exception:
            self._count_failure(request, "INTERNAL")
            raise
        model = request.model_spec.name
        self._metrics.requests.add(model, "OK")
        self._metrics.latency.add((time.perf_counter() - started) * 1e6, model, "Predict", "GRPC")
        return answer

    def _predict(self, request: Any, context: Any) -> Any:
        asked = read_spec(request)
        with self._manager.lease(asked.model, asked.version, asked.label) as servable:
            name = request.model_spec.signature_name or DEFAULT_SIGNATURE
            if name not in servable.signatures:
                raise RequestError(f'Serving signature key "{name}" not found.', "FAILED_PRECONDITION")
            signature = servable.signatures[name]
            wanted = _wanted(request.output_filter, signature)
            sent = request.ByteSize()
            inputs = _inputs(request.inputs, signature, limits.unfolded_bytes(sent, self._max_bytes))
            limits.check(inputs, signature, sent, self._max_pixels)
            outputs = self._run(servable, name, inputs, context)
            answer = predict_pb2.PredictResponse()
            answer.model_spec.name = servable.model
            answer.model_spec.version.value = servable.version
            answer.model_spec.signature_name = name
            for key in wanted:
                tensor_proto.from_array(outputs[key], answer.outputs[key])
            return answer

    def _run(self, servable: Servable, name: str, inputs: dict[str, Array], context: Any) -> dict[str, Array]:
        """Call the signature and wait for the answer as long as the client does."""
        started = time.perf_counter()
        future = servable.submit(name, inputs)
        context.add_callback(future.cancel)
        try:
            remaining = context.time_remaining()
            outputs = future.result(None if remaining is None else min(remaining, threading.TIMEOUT_MAX))
        except futures.CancelledError:
            raise RequestError("The client has left, or the model is being unloaded", "CANCELLED") from None
        except TimeoutError:
            future.cancel()
            raise RequestError("No answer within the client's deadline", "DEADLINE_EXCEEDED") from None
        self._metrics.runtime.add((time.perf_counter() - started) * 1e6, servable.model, "Predict", "TF2")
        return outputs

    @refusing
    def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Describe a model's signatures."""
        asked = read_spec(request)
        if not request.metadata_field:
            raise RequestError("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != "signature_def":
                raise RequestError(f"Metadata field {field} is not supported")
        with self._manager.lease(asked.model, asked.version, asked.label) as servable:
            answer = get_model_metadata_pb2.GetModelMetadataResponse()
            answer.model_spec.name = servable.model
            answer.model_spec.version.value = servable.version
            answer.metadata["signature_def"].Pack(_signature_defs(servable))
            return answer

    @refusing
    def Classify(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse."""
        raise self._refusal("classify", request)

    @refusing
    def Regress(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse."""
        raise self._refusal("regress", request)

    @refusing
    def MultiInference(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse."""
        if not request.tasks:
            raise RequestError("Inference request contains no tasks")
        task = request.tasks[0]
        method = {CLASSIFY: "classify", REGRESS: "regress"}.get(task.method_name)
        if method is None:
            raise RequestError(f"Unsupported signature method_name: {task.method_name}", "UNIMPLEMENTED")
        raise self._refusal(method, task)

    def _refusal(self, method: str, request: Any) -> RequestError:
        """Why the model cannot be called for `method`; none of those that are served here can."""
        asked = read_spec(request)
        with self._manager.lease(asked.model, asked.version, asked.label) as servable:
            name = request.model_spec.signature_name or DEFAULT_SIGNATURE
            if name not in servable.signatures:
                return unknown_signature(name, method)
            return examples.refuse(method, servable.signatures[name])

    def _count_failure(self, request: Any, code: str) -> None:
        name = request.model_spec.name
        self._metrics.requests.add(name if self._manager.serves(name) else UNKNOWN, code)


def _inputs(given: Any, signature: Signature, max_bytes: int) -> dict[str, Array]:
    extra, missing = sorted(given.keys() - signature.inputs.keys()), sorted(signature.inputs.keys() - given.keys())
    if extra or missing:
        raise RequestError(
            f"input size does not match signature: {len(given)}!={len(signature.inputs)} len({{{_list(given)}}}) "
            f"!= len({{{_list(signature.inputs)}}}). Sent extra: {{{_list(extra)}}}. "
            f"Missing but required: {{{_list(missing)}}}."
        )
    arrays = {}
    for name, spec in signature.inputs.items():
        dtype = tensor_proto.dtype_name(given[name])
        if dtype != spec.dtype:
            raise RequestError(f"Input {name}: expected dtype {spec.dtype_word}. Received: {dtype}")
        try:
            arrays[name] = tensor_proto.to_array(given[name], max_bytes)
        except RequestError as error:
            raise RequestError(f"{error.message} (input {name})") from None
    return arrays


def _wanted(names: Iterable[str], signature: Signature) -> list[str]:
    """The outputs to send."""
    wanted: list[str] = []
    for name in names:
        if name not in signature.outputs:
            raise RequestError(
                f"output tensor alias not found in signature: {name} Outputs expected to be in the set "
                f"{{{_list(signature.outputs)}}}."
            )
        if name in wanted:
            raise RequestError(f"duplicate output tensor alias: {name}")
        wanted.append(name)
    return wanted or list(signature.outputs)


def _list(names: Iterable[str]) -> str:
    return ",".join(sorted(names))


def _signature_defs(servable: Servable) -> Any:
    made = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in servable.signatures.items():
        definition: meta_graph_pb2.SignatureDef = made.signature_def[name]
        definition.method_name = signature.method_name
        for specs, infos in ((signature.inputs, definition.inputs), (signature.outputs, definition.outputs)):
            for key, spec in specs.items():
                _describe(spec, infos[key])
    return made


def _describe(spec: TensorSpec, info: Any) -> None:
    info.name = spec.tensor
    info.dtype = types_pb2.DataType.Value(spec.dtype)
    if spec.shape is None:
        info.tensor_shape.unknown_rank = True
    else:
        info.tensor_shape.SetInParent()
        for size in spec.shape:
            info.tensor_shape.dim.add(size=size)
