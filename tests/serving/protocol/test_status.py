from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from roadsigns.serving.protocol.signature import Signature, TensorSpec
from roadsigns.serving.protocol.status import VersionStatus, format_error, format_metadata, format_status


def test_the_newest_version_comes_first() -> None:
    answer = format_status([VersionStatus(9, "END", "INTERNAL", "it broke"), VersionStatus(10, "AVAILABLE")])
    assert json.loads(answer) == {
        "model_version_status": [
            {"version": "10", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}},
            {"version": "9", "state": "END", "status": {"error_code": "INTERNAL", "error_message": "it broke"}},
        ]
    }


def test_an_answer_is_broken_into_lines_as_tensorflow_serving_breaks_it() -> None:
    status = b' "model_version_status": [\n  {\n   "version": "1",\n   "state": "AVAILABLE",\n   "status": {\n'
    assert format_status([VersionStatus(1, "AVAILABLE")]).startswith(b"{\n" + status)


def test_metadata_writes_every_field() -> None:
    signature = Signature(
        {"x": TensorSpec("DT_FLOAT", (-1, 32), "x:0"), "keep_prob": TensorSpec("DT_FLOAT", None, "k:0")},
        {"y": TensorSpec("DT_STRING", (), "y:0")},
    )
    assert json.loads(format_metadata("m", 3, {"serving_default": signature})) == {
        "model_spec": {"name": "m", "signature_name": "", "version": "3"},
        "metadata": {
            "signature_def": {
                "signature_def": {
                    "serving_default": {
                        "inputs": {
                            "x": {
                                "dtype": "DT_FLOAT",
                                "tensor_shape": {
                                    "dim": [{"size": "-1", "name": ""}, {"size": "32", "name": ""}],
                                    "unknown_rank": False,
                                },
                                "name": "x:0",
                            },
                            "keep_prob": {
                                "dtype": "DT_FLOAT",
                                "tensor_shape": {"dim": [], "unknown_rank": True},
                                "name": "k:0",
                            },
                        },
                        "outputs": {
                            "y": {
                                "dtype": "DT_STRING",
                                "tensor_shape": {"dim": [], "unknown_rank": False},
                                "name": "y:0",
                            }
                        },
                        "method_name": "tensorflow/serving/predict",
                        "defaults": {},
                    }
                }
            }
        },
    }


@given(message=st.text() | st.just("\udc00"))
def test_an_error_has_one_key(message: str) -> None:
    assert json.loads(format_error(message).decode("ascii")) == {"error": message}
