"""The requests stored with a version, in a file of the TFRecord format written by hand."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadsigns.errors import ModelError, RequestError
from roadsigns.exported import WARMUP
from roadsigns.serving.models.warmup import warm_up
from roadsigns.serving.protos import prediction_log_pb2


class Servable:
    """Notes what it is asked; refuses negative numbers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.engine = self
        self.asked: list[tuple[str, list[float]]] = []

    def run(self, name: str, inputs: dict[str, Any]) -> None:
        self.asked.append((name, inputs["x"].tolist()))
        if min(inputs["x"]) < 0:
            raise RequestError("x is negative")


def record(signature: str, *numbers: float) -> bytes:
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.signature_name = signature
    request.inputs["x"].dtype = 1
    request.inputs["x"].tensor_shape.dim.add(size=len(numbers))
    request.inputs["x"].tensor_content = np.float32(numbers).tobytes()
    data = log.SerializeToString()
    return struct.pack("<Q", len(data)) + b"sum1" + data + b"sum2"


def servable(tmp_path: Path, content: bytes | None) -> Any:
    if content is not None:
        (tmp_path / WARMUP).parent.mkdir(parents=True)
        (tmp_path / WARMUP).write_bytes(content)
    return Servable(tmp_path)


def test_each_request_runs_as_a_clients_and_as_one_that_drops_units(tmp_path: Path) -> None:
    asked = servable(tmp_path, record("predict", 1, 2) + record("", 3))
    assert warm_up(asked) == 2
    assert asked.asked == [("predict", [1, 2]), ("predict", [1, 2]), ("", [3]), ("serving_default", [3])]


def test_without_a_file_nothing_runs(tmp_path: Path) -> None:
    assert warm_up(servable(tmp_path, None)) == 0


def test_other_logs_than_of_predict_are_passed_over(tmp_path: Path) -> None:
    other = struct.pack("<Q", 0) + b"sum1sum2"
    assert warm_up(servable(tmp_path, other + record("", 1))) == 1


@pytest.mark.parametrize("cut", [5, 20, -1])
def test_a_file_that_ends_within_a_record_is_damaged(tmp_path: Path, cut: int) -> None:
    with pytest.raises(ModelError, match=r"is damaged: it ends within a record\. Export the model again"):
        warm_up(servable(tmp_path, record("", 1)[:cut]))


def test_what_is_no_log_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is damaged"):
        warm_up(servable(tmp_path, struct.pack("<Q", 3) + b"sum1" + b"\xff\xff\xff" + b"sum2"))


def test_a_request_that_the_model_refuses_is_named(tmp_path: Path) -> None:
    message = f"Warm-up request 2 of {str(tmp_path)!r} fails: x is negative"
    with pytest.raises(ModelError, match=re.escape(message)):
        warm_up(servable(tmp_path, record("", 1) + record("", -1)))
