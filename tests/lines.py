"""A gRPC server on a port of its own, and the stubs that clients use, on a model that needs no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2_grpc
from tensorflow_serving.apis import (
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from fronts import Model, Models, answer
from roadsigns.serving.grpc.server import GrpcServer
from roadsigns.serving.metrics import Metrics

BAD_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
X = np.array([0.5, 2], np.float32)


@dataclass
class Line:
    models: Models
    metrics: Metrics
    server: GrpcServer
    channel: grpc.Channel

    def __post_init__(self) -> None:
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.model = model_service_pb2_grpc.ModelServiceStub(self.channel)
        self.health = health_pb2_grpc.HealthStub(self.channel)


def lines(answers: Callable[..., Any] = answer, **options: Any) -> Iterator[Line]:
    models, metrics = Models({"m": [Model(answers=answers)]}), Metrics()
    server = GrpcServer(models, metrics, **{"max_bytes": 100_000, "max_pixels": 10_000, "max_requests": 8, **options})
    port = server.open("127.0.0.1", 0)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Line(models, metrics, server, channel)
    server.close(0)


def predict(name: str = "m", signature: str = "", outputs: tuple[str, ...] = (), **inputs: Any) -> Any:
    request = predict_pb2.PredictRequest(output_filter=outputs)
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for key, value in inputs.items():
        proto = value if isinstance(value, tf.compat.v1.make_tensor_proto(0).__class__) else tf.make_tensor_proto(value)
        request.inputs[key].CopyFrom(proto)
    return request


def refusal(call: Callable[..., Any], request: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=10)
    return caught.value.code(), caught.value.details()
