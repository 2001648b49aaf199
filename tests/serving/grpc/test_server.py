"""The gRPC API through the stubs that clients use, on a model that needs no TensorFlow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from fronts import SIGNATURES, Model, Models, answer
from roadsigns.serving.config_files import Tls
from roadsigns.serving.grpc.server import GrpcServer
from roadsigns.serving.metrics import Metrics

BAD_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT


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


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    yield from lines()


def predict(name: str = "m", signature: str = "", outputs: tuple[str, ...] = (), **inputs: Any) -> Any:
    request = predict_pb2.PredictRequest(output_filter=outputs)
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for key, value in inputs.items():
        proto = value if isinstance(value, tf.compat.v1.make_tensor_proto(0).__class__) else tf.make_tensor_proto(value)
        request.inputs[key].CopyFrom(proto)
    return request


X = np.array([0.5, 2], np.float32)


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


def refusal(call: Callable[..., Any], request: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=10)
    return caught.value.code(), caught.value.details()


def test_predict_answers_and_says_which_version(line: Line) -> None:
    made = line.prediction.Predict(predict(x=X))
    np.testing.assert_array_equal(tf.make_ndarray(made.outputs["y"]), X + 1)
    assert list(made.outputs["y"].float_val) == [1.5, 3]
    spec = made.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("m", 3, "serving_default")


def test_predict_takes_strings_and_scalars(line: Line) -> None:
    made = line.prediction.Predict(predict(signature="predict_images", image_bytes=[b"\xff\0ab", b""]))
    assert list(made.outputs["first_bytes"].string_val) == [b"\xff\0", b""]
    assert list(made.outputs["sizes"].int64_val) == [4, 0]
    made = line.prediction.Predict(predict(signature="two", a=np.float32(0.25), b=np.int64(2)))
    assert (made.outputs["sum"].double_val[0], len(made.outputs["sum"].tensor_shape.dim)) == (2.25, 0)


def test_predict_finds_versions_and_labels(line: Line) -> None:
    request = predict(x=X)
    request.model_spec.version.value = 3
    assert line.prediction.Predict(request).model_spec.version.value == 3
    request.model_spec.version_label = "stable"
    assert line.prediction.Predict(request).model_spec.version.value == 3
    request.model_spec.version_label = "no"
    assert refusal(line.prediction.Predict, request) == (
        BAD_ARGUMENT,
        "Unrecognized servable version label: no",
    )
    request = predict(x=X)
    request.model_spec.version.value = 0  # a version like any other
    assert refusal(line.prediction.Predict, request) == (
        grpc.StatusCode.NOT_FOUND,
        "Servable not found for request: Specific(m, 0)",
    )


def test_the_filter_picks_outputs(line: Line) -> None:
    made = line.prediction.Predict(predict(signature="predict_images", image_bytes=[b"a"], outputs=("sizes",)))
    assert list(made.outputs) == ["sizes"]


def proto(**fields: Any) -> Any:
    made = tf.make_tensor_proto(np.zeros((2,), np.float32))
    made.ClearField("tensor_content")
    for name, value in fields.items():
        getattr(made, name)[:] = value
    return made


def huge() -> Any:
    made = proto(float_val=[1])
    made.tensor_shape.dim[0].size = 2**40
    return made


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4)


BAD: dict[str, tuple[Any, grpc.StatusCode, str]] = {
    "nothing": (predict_pb2.PredictRequest(), BAD_ARGUMENT, "Missing ModelSpec"),
    "no name": (predict("", x=X), BAD_ARGUMENT, "ModelSpec has no name specified."),
    "no model": (predict("no", x=X), grpc.StatusCode.NOT_FOUND, "Servable not found for request: Latest(no)"),
    "no signature": (
        predict(signature="no", x=X),
        grpc.StatusCode.FAILED_PRECONDITION,
        'Serving signature key "no" not found.',
    ),
    "extra and missing": (
        predict(a=X, b=X),
        BAD_ARGUMENT,
        "input size does not match signature: 2!=1 len({a,b}) != len({x}). Sent extra: {a,b}. Missing but required: "
        "{x}.",
    ),
    "no output": (predict(x=X, outputs=("z",)), BAD_ARGUMENT, "output tensor alias not found in signature: z"),
    "an output twice": (predict(x=X, outputs=("y", "y")), BAD_ARGUMENT, "duplicate output tensor alias: y"),
    "other dtype": (
        predict(x=np.array([0.5])),
        BAD_ARGUMENT,
        "Input x: expected dtype float. Received: DT_DOUBLE",
    ),
    "damaged": (predict(x=proto(float_val=[1, 2, 3])), BAD_ARGUMENT, "tensor parsing error: 3 values are more than"),
    "huge": (predict(x=huge()), BAD_ARGUMENT, "tensor parsing error: shape [1099511627776] is larger than"),
    "large picture": (
        predict(signature="predict_images", image_bytes=[png(101, 100)]),
        BAD_ARGUMENT,
        "image_bytes: picture 0 has 101 x 100 pixels",
    ),
    "a long name": (predict("n" * 5000, x=X), grpc.StatusCode.NOT_FOUND, "Servable not found for request: Latest(n"),
}


@pytest.mark.parametrize(("request_", "code", "message"), BAD.values(), ids=BAD.keys())
def test_predict_refuses(line: Line, request_: Any, code: grpc.StatusCode, message: str) -> None:
    found, details = refusal(line.prediction.Predict, request_)
    assert (found, details[: len(message)]) == (code, message)
    assert len(details) <= 1024
    assert line.models.leased == 0


def test_a_message_beyond_the_limit_is_refused(line: Line) -> None:
    code, details = refusal(line.prediction.Predict, predict(x=np.zeros(30_000, np.float32)))
    assert (code, "larger than max" in details) == (grpc.StatusCode.RESOURCE_EXHAUSTED, True)
    line.prediction.Predict(predict(x=X))


def test_an_answer_may_be_larger_than_a_request() -> None:
    for line in lines(lambda name, inputs: {"y": np.zeros(50_000, np.float32)}):
        assert len(line.prediction.Predict(predict(x=X)).outputs["y"].float_val) == 50_000


def test_metadata_is_a_map_of_signatures(line: Line) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "m"
    made = line.prediction.GetModelMetadata(request)
    assert (made.model_spec.name, made.model_spec.version.value) == ("m", 3)
    found = get_model_metadata_pb2.SignatureDefMap()
    assert made.metadata["signature_def"].Unpack(found)
    assert found.signature_def.keys() == SIGNATURES.keys()
    two = found.signature_def["two"]
    assert two.method_name == "tensorflow/serving/predict"
    assert (two.inputs["a"].dtype, two.inputs["a"].tensor_shape.unknown_rank) == (tf.float32.as_datatype_enum, True)
    assert tf.TensorShape(two.inputs["b"].tensor_shape) == tf.TensorShape([])
    images = found.signature_def["predict_images"]
    assert tf.TensorShape(images.inputs["image_bytes"].tensor_shape) == tf.TensorShape([None])


@pytest.mark.parametrize(
    ("fields", "message"),
    [([], "GetModelMetadataRequest must specify at least one metadata_field"), (["x"], "Metadata field x is not")],
)
def test_metadata_refuses(line: Line, fields: list[str], message: str) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = "m"
    code, details = refusal(line.prediction.GetModelMetadata, request)
    assert (code, details[: len(message)]) == (BAD_ARGUMENT, message)


def test_status(line: Line) -> None:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "m"
    [status] = line.model.GetModelStatus(request).model_version_status
    assert (status.version, status.state, status.status.error_code) == (3, 30, 0)
    request.model_spec.name = "no"
    assert refusal(line.model.GetModelStatus, request) == (
        grpc.StatusCode.NOT_FOUND,
        "Could not find any versions of model no",
    )


def test_reload_hands_on_the_models(line: Line) -> None:
    request = model_management_pb2.ReloadConfigRequest()
    config = request.config.model_config_list.config.add(name="n", base_path="/models/n", model_platform="tensorflow")
    config.model_version_policy.specific.versions[:] = [2]
    assert line.model.HandleReloadConfigRequest(request).status.error_code == 0
    [model] = line.models.reloaded
    assert (model.name, str(model.base_path), model.policy.specific) == ("n", "/models/n", (2,))


def test_classify_regress_and_both_are_refused(line: Line) -> None:
    classify = classification_pb2.ClassificationRequest()
    assert refusal(line.prediction.Classify, classify) == (BAD_ARGUMENT, "Missing ModelSpec")
    classify.model_spec.name = "m"
    code, details = refusal(line.prediction.Classify, classify)
    assert (code, details[:36]) == (BAD_ARGUMENT, "Expected classification signature me")
    classify.model_spec.signature_name = "classes"
    assert refusal(line.prediction.Classify, classify)[0] is grpc.StatusCode.UNIMPLEMENTED
    regress = regression_pb2.RegressionRequest()
    regress.model_spec.name = "m"
    regress.model_spec.signature_name = "two"
    assert refusal(line.prediction.Regress, regress) == (BAD_ARGUMENT, "Expected one input Tensor.")
    both = inference_pb2.MultiInferenceRequest()
    assert refusal(line.prediction.MultiInference, both) == (BAD_ARGUMENT, "Inference request contains no tasks")
    task = both.tasks.add(method_name="tensorflow/serving/regress")
    task.model_spec.name = "no"
    assert refusal(line.prediction.MultiInference, both)[0] is grpc.StatusCode.NOT_FOUND
    task.method_name = "x"
    assert refusal(line.prediction.MultiInference, both)[0] is grpc.StatusCode.UNIMPLEMENTED


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
