"""The gRPC API: PredictionService and ModelService on the stubs of `tensorflow-serving-api`, and the health service.

Source: the `.proto` files of TensorFlow Serving's `apis`, and the errors of its `predict_util` and
`get_model_metadata_impl`, by behaviour.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent import futures
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from .. import errors
from ..errors import RequestError, RoadsignsError
from . import examples, model_config, picture_limits, tensor_proto
from .manager import Manager
from .metrics import UNKNOWN, Metrics
from .refusals import DEFAULT_SIGNATURE, unknown_signature
from .servable import Servable
from .signature import CLASSIFY, REGRESS, Signature, TensorSpec
from .tensors import Array

MAX_MESSAGE = 1024
"""Characters of an error's message that are sent."""

WORKERS = 64
"""Requests that are worked on at a time; the others wait."""

_STATES = {"START": 10, "LOADING": 20, "AVAILABLE": 30, "UNLOADING": 40, "END": 50}
_LOG = logging.getLogger(__name__)

Method = Callable[[Any, Any, Any], Any]


def _refusing(method: Method) -> Method:
    """Make our errors gRPC's, and anything else an internal one that is logged."""

    @functools.wraps(method)
    def call(self: Any, request: Any, context: Any) -> Any:
        try:
            return method(self, request, context)
        except RequestError as error:
            return context.abort(getattr(grpc.StatusCode, error.code), error.message[:MAX_MESSAGE])
        except Exception as error:
            _LOG.error("A request failed", exc_info=error)
            return context.abort(grpc.StatusCode.INTERNAL, "Internal error; the server's log says more")

    return call


@dataclass(frozen=True)
class Asked:
    """Which servable a ModelSpec means."""

    model: str
    version: int | None
    label: str | None


def read_spec(request: Any) -> Asked:
    """The model that a request is for.

    Raises:
        RequestError: it names none.
    """
    if not request.HasField("model_spec"):
        raise RequestError("Missing ModelSpec")
    spec = request.model_spec
    if not spec.name:
        raise RequestError("ModelSpec has no name specified.")
    version = spec.version.value if spec.HasField("version") else None
    return Asked(spec.name, version, spec.version_label or None)


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

    @_refusing
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
            inputs = self._inputs(request.inputs, signature)
            picture_limits.check(inputs, self._max_pixels)
            outputs = self._run(servable, name, inputs, context)
            answer = predict_pb2.PredictResponse()
            answer.model_spec.name = servable.model
            answer.model_spec.version.value = servable.version
            answer.model_spec.signature_name = name
            for key in wanted:
                tensor_proto.from_array(outputs[key], answer.outputs[key])
            return answer

    def _inputs(self, given: Any, signature: Signature) -> dict[str, Array]:
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
                arrays[name] = tensor_proto.to_array(given[name], self._max_bytes)
            except RequestError as error:
                raise RequestError(f"{error.message} (input {name})") from None
        return arrays

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
            raise RequestError("No answer within the client's deadline", "DEADLINE_EXCEEDED") from None
        self._metrics.runtime.add((time.perf_counter() - started) * 1e6, servable.model, "Predict", "TF2")
        return outputs

    @_refusing
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

    @_refusing
    def Classify(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse."""
        raise self._refusal("classify", request)

    @_refusing
    def Regress(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse."""
        raise self._refusal("regress", request)

    @_refusing
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
        self._metrics.requests.add(name if name in self._manager.models() else UNKNOWN, code)


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """Questions about models, and changes of their configuration."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    @_refusing
    def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Describe the versions of a model, newest first."""
        asked = read_spec(request)
        answer = get_model_status_pb2.GetModelStatusResponse()
        found = self._manager.status(asked.model, asked.version)
        for each in sorted(found, key=lambda each: -each.version):
            status = answer.model_version_status.add(version=each.version, state=_STATES[each.state])
            status.status.error_code = _number(each.error_code)
            status.status.error_message = each.error_message
        return answer

    @_refusing
    def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Replace the configuration; what the new one omits is unloaded."""
        try:
            self._manager.reload(model_config.from_proto(request.config))
        except RequestError:
            raise
        except RoadsignsError as error:
            raise RequestError(str(error)) from error
        return model_management_pb2.ReloadConfigResponse()


class GrpcServer:
    """The gRPC port.

    Args:
        manager: has the models.
        metrics: is told of every call.
        max_bytes: of a message, and of an input it may unfold into.
        max_pixels: of all pictures of a request together.
        max_requests: taken in at a time; more are refused.
    """

    def __init__(self, manager: Manager, metrics: Metrics, *, max_bytes: int, max_pixels: int, max_requests: int):
        self._server = grpc.server(
            futures.ThreadPoolExecutor(WORKERS, thread_name_prefix="grpc"),
            options=[
                ("grpc.max_receive_message_length", max_bytes),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),  # else a second server would silently share the port
            ],
            maximum_concurrent_rpcs=max_requests,
        )
        self._health = health.HealthServicer()
        prediction = PredictionService(manager, metrics, max_bytes, max_pixels)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(prediction, self._server)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(manager), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for name in ("", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    def open(self, host: str, port: int) -> int:
        """Open the port, 0 for a free one, and say which it is.

        Raises:
            OSError: it cannot be opened.
        """
        try:
            bound = self._server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        except RuntimeError as error:
            raise OSError(f"{host}:{port} cannot be opened: {error}") from error
        self._server.start()
        return int(bound)

    def close(self, grace: float) -> bool:
        """Accept nothing any more, and wait until what was accepted is answered, for at most `grace` seconds.

        Returns:
            Whether all were answered in time.
        """
        self._health.enter_graceful_shutdown()
        end = time.monotonic() + grace
        self._server.stop(grace).wait()
        return time.monotonic() < end


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


def _number(code: str) -> int:
    """The number of a canonical code."""
    status = grpc.StatusCode.OK if code not in errors.HTTP_STATUS else getattr(grpc.StatusCode, code)
    return int(status.value[0])


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
