"""PredictionService through the stubs that clients use."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

from fronts import SIGNATURES
from lines import BAD_ARGUMENT, Line, X, predict, refusal


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
