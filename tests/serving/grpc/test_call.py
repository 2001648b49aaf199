"""What all gRPC calls have in common: which model they mean, and how they fail."""

from __future__ import annotations

import logging
from typing import Any

import grpc
import pytest

from roadsigns.errors import RequestError
from roadsigns.serving.grpc.call import MAX_MESSAGE, Asked, read_spec, refusing
from roadsigns.serving.protos import predict_pb2


def request(**spec: Any) -> Any:
    made = predict_pb2.PredictRequest()
    made.model_spec.name = spec.get("name", "m")
    if "version" in spec:
        made.model_spec.version.value = spec["version"]
    if "label" in spec:
        made.model_spec.version_label = spec["label"]
    return made


@pytest.mark.parametrize(
    ("spec", "asked"),
    [
        ({}, Asked("m", None, None)),
        ({"version": 0}, Asked("m", 0, None)),
        ({"version": 2**40}, Asked("m", 2**40, None)),
        ({"label": "stable"}, Asked("m", None, "stable")),
    ],
)
def test_a_spec_names_a_model_and_perhaps_a_version_or_label(spec: dict[str, Any], asked: Asked) -> None:
    assert read_spec(request(**spec)) == asked


def test_a_request_for_no_model_is_refused() -> None:
    with pytest.raises(RequestError, match="Missing ModelSpec"):
        read_spec(predict_pb2.PredictRequest())
    with pytest.raises(RequestError, match="ModelSpec has no name specified"):
        read_spec(request(name=""))


class Context:
    """Stands in for gRPC's."""

    def abort(self, code: grpc.StatusCode, message: str) -> tuple[grpc.StatusCode, str]:
        return code, message


class Service:
    @refusing
    def call(self, request: Any, context: Any) -> Any:
        """Raise what it is given, or give it back."""
        if isinstance(request, Exception):
            raise request
        return request


def test_our_errors_keep_their_codes_and_a_message_is_no_novel() -> None:
    assert Service().call("answer", Context()) == "answer"
    refused = Service().call(RequestError("x" * 9999, "NOT_FOUND"), Context())
    assert refused == (grpc.StatusCode.NOT_FOUND, "x" * MAX_MESSAGE)


def test_a_bug_is_logged_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        code, message = Service().call(KeyError("secret"), Context())
    assert code is grpc.StatusCode.INTERNAL and "secret" not in message and "secret" in caplog.text
