"""The gRPC server: its port, what encrypts it, its limits and its end."""

from __future__ import annotations

import time
from typing import Any

import grpc
import numpy as np
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc

from fronts import Model, Models, answer
from lines import Line, X, lines, predict, refusal
from roadsigns.serving.config_files import Tls
from roadsigns.serving.grpc.server import GrpcServer
from roadsigns.serving.metrics import Metrics


@pytest.mark.parametrize("clients_must", [False, True])
def test_the_port_is_encrypted_by_a_certificate(clients_must: bool) -> None:
    signer = trustme.CA()
    own, client = signer.issue_cert("localhost"), signer.issue_cert("client@example.org")
    root, key = signer.cert_pem.bytes(), own.private_key_pem.bytes()
    tls = Tls(key, b"".join(each.bytes() for each in own.cert_chain_pems), root, clients_must)
    server = GrpcServer(Models({"m": [Model()]}), Metrics(), max_bytes=1000, max_pixels=1, max_requests=8, tls=tls)
    address = f"localhost:{server.open('localhost', 0)}"
    shown = (client.private_key_pem.bytes(), client.cert_chain_pems[0].bytes())
    with grpc.secure_channel(address, grpc.ssl_channel_credentials(root, *shown)) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        assert stub.Check(health_pb2.HealthCheckRequest(), timeout=10).status == 1
    without = [grpc.insecure_channel(address)]
    if clients_must:
        without.append(grpc.secure_channel(address, grpc.ssl_channel_credentials(root)))
    for channel in without:
        with channel, pytest.raises(grpc.RpcError) as caught:
            health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert caught.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
    server.close(0)


def test_channel_arguments_are_grpcs_own() -> None:
    """A message length given there has the last word; a client's larger message is refused by gRPC itself."""
    for line in lines(max_bytes=10**6, channel_arguments="grpc.max_receive_message_length=100,grpc.x=text"):
        with pytest.raises(grpc.RpcError, match=r"larger than max|too large"):
            line.prediction.Predict(predict(x=np.zeros(1000, np.float32)), timeout=10)


def test_a_message_beyond_the_limit_is_refused(line: Line) -> None:
    code, details = refusal(line.prediction.Predict, predict(x=np.zeros(30_000, np.float32)))
    assert (code, "larger than max" in details) == (grpc.StatusCode.RESOURCE_EXHAUSTED, True)
    line.prediction.Predict(predict(x=X))


def test_an_answer_may_be_larger_than_a_request() -> None:
    for line in lines(lambda name, inputs: {"y": np.zeros(50_000, np.float32)}):
        assert len(line.prediction.Predict(predict(x=X)).outputs["y"].float_val) == 50_000


def test_the_standard_health_service_answers(line: Line) -> None:
    for name in ("", "tensorflow.serving.PredictionService"):
        assert line.health.Check(health_pb2.HealthCheckRequest(service=name)).status == 1
    assert refusal(line.health.Check, health_pb2.HealthCheckRequest(service="x"))[0] is grpc.StatusCode.NOT_FOUND


def slowly(name: str, inputs: Any) -> Any:
    time.sleep(0.5)
    return answer(name, inputs)


def test_the_clients_deadline_holds() -> None:
    for line in lines(slowly):
        with pytest.raises(grpc.RpcError) as caught:
            line.prediction.Predict(predict(x=X), timeout=0.1)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_requests_beyond_the_limit_are_refused() -> None:
    for line in lines(slowly, max_requests=2):
        waiting = [line.prediction.Predict.future(predict(x=X)) for _ in range(4)]
        codes = [each.code() for each in waiting]
        assert sorted(code.name for code in codes) == ["OK", "OK", "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"]


def test_closing_answers_what_was_accepted() -> None:
    for line in lines(slowly):
        waiting = line.prediction.Predict.future(predict(x=X))
        time.sleep(0.2)
        assert line.server.close(5) is True
        assert waiting.code() is grpc.StatusCode.OK


def test_a_bug_is_logged_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def fails(name: str, inputs: Any) -> Any:
        raise ZeroDivisionError("a secret")

    for line in lines(fails):
        assert refusal(line.prediction.Predict, predict(x=X)) == (
            grpc.StatusCode.INTERNAL,
            "Internal error; the server's log says more",
        )
        assert ':request_count{model_name="m",status="INTERNAL"} 1' in line.metrics.text().decode()
    assert "a secret" in caplog.text


def test_a_port_that_is_taken_is_an_error() -> None:
    for line in lines():
        other = GrpcServer(line.models, line.metrics, max_bytes=1, max_pixels=1, max_requests=1)
        port = other.open("127.0.0.1", 0)
        third = GrpcServer(line.models, line.metrics, max_bytes=1, max_pixels=1, max_requests=1)
        with pytest.raises(OSError, match=f"127.0.0.1:{port} cannot be opened"):
            third.open("127.0.0.1", port)
        other.close(0)
        third.close(0)
