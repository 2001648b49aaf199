"""Bodies of calls, plain and packed."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from bodies import FLOAT, STRING
from roadsigns.errors import RequestError
from roadsigns.serving.protocol.examples import read_examples
from roadsigns.serving.protocol.predict_request import Body, Form, read_predict
from roadsigns.serving.protocol.signature import Signature, TensorSpec

SIGNATURES = {"serving_default": FLOAT, "strings": STRING}
ROWS = {"serving_default": Signature({"x": TensorSpec("DT_FLOAT", (-1,))}, {})}
TEXT = b'{"instances":[0.5,2]}'


@pytest.mark.parametrize("body", [Body(TEXT, False, 21), Body(gzip.compress(TEXT), True, 21)], ids=["plain", "gzip"])
def test_a_predict_call_is_read(body: Body) -> None:
    read = read_predict(body, SIGNATURES, 100)
    assert read is not None
    assert (read.signature_name, read.form, list(read.inputs)) == ("serving_default", Form.ROW, ["x"])
    np.testing.assert_array_equal(read.inputs["x"], np.float32([0.5, 2]))


def test_without_a_model_only_the_body_is_judged() -> None:
    assert read_predict(Body(TEXT, False, 21), None, 100) is None
    with pytest.raises(RequestError, match="JSON Parse error"):
        read_predict(Body(b"{", False, 21), None, 100)


def test_a_signature_that_is_not_there_is_named() -> None:
    with pytest.raises(RequestError, match='Serving signature name: "no" not found in signature def'):
        read_predict(Body(b'{"signature_name":"no","instances":[1]}', False, 99), SIGNATURES, 100)


PACKED = gzip.compress(TEXT)


@pytest.mark.parametrize("content", [TEXT, PACKED[:-1], PACKED + b"more", b""], ids=["plain", "cut", "more", "empty"])
def test_what_is_no_gzip_counts_as_empty(content: bytes) -> None:
    with pytest.raises(RequestError, match="The document is empty"):
        read_predict(Body(content, True, 100), SIGNATURES, 100)


def test_a_packed_body_is_limited_as_it_unpacks() -> None:
    with pytest.raises(RequestError, match=r"unpacks to more than 20 bytes \(--max_request_bytes\)"):
        read_predict(Body(PACKED, True, 20), SIGNATURES, 100)
    many = gzip.compress(b'{"instances":[' + b"1," * 2_000_000 + b"1]}")
    for read in (lambda body: read_predict(body, SIGNATURES, 100), lambda body: read_examples(body, "classify")):
        with pytest.raises(RequestError, match="JSON values: expected at most"):
            read(Body(many, True, 10**8))


def test_pictures_and_rows_are_limited() -> None:
    with pytest.raises(RequestError, match="asks for 100000 rows"):
        read_predict(Body(gzip.compress(b'{"instances":[' + b"1," * 99_999 + b"1]}"), True, 10**8), ROWS, 100)


def test_an_examples_call_is_read() -> None:
    assert read_examples(Body(b'{"examples":[{"a":1}]}', False, 99), "classify") == "serving_default"
    assert read_examples(Body(b'{"signature_name":"s","examples":[{"a":1}]}', False, 99), "classify") == "s"
