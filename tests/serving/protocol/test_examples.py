from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns.errors import RequestError
from roadsigns.serving.protocol.examples import Examples, Feature, parse_examples, refuse
from roadsigns.serving.protocol.signature import CLASSIFY, PREDICT, REGRESS, Signature, TensorSpec


def test_the_first_value_fixes_the_kind() -> None:
    body = b"""{
        "signature_name": "s", "context": {"c": [1, true, false]},
        "examples": [{"f": 0.1, "b": ["a", {"b64": "/w"}], "none": []}, {"f": [1e39, 18446744073709551616, NaN]}]
    }"""
    read = parse_examples(body, "classify")
    assert read.signature_name == "s"
    assert read.context == {"c": Feature("int64", (1, 1, 0))}
    [first, second] = read.examples
    assert first == {
        "f": Feature("float", (float(np.float32(0.1)),)),
        "b": Feature("bytes", (b"a", b"\xff")),
        "none": Feature("", ()),
    }
    assert repr(second["f"]) == repr(Feature("float", (float("inf"), 2.0**64, float("nan"))))


def test_what_may_be_left_out() -> None:
    assert parse_examples(b'{"examples": [{}]}', "regress") == Examples("", ({},), None)


@pytest.mark.parametrize(
    ("body", "phrase"),
    [
        ("", "JSON Parse error: The document is empty"),
        ("[]", "Is not object"),
        ('{"signature_name": 1}', "'signature_name' key must be a string value."),
        ("{}", "When method is classify, key 'examples' is expected and was not found"),
        ('{"examples": {}}', "Expecting 'examples' value to be an list/array"),
        ('{"examples": []}', "'examples' value is an empty array"),
        ('{"examples": [1]}', "Example must be JSON object but got JSON Number"),
        ('{"context": null, "examples": 1}', "Example must be JSON object but got JSON Null"),
        ('{"examples": [{"a": null}]}', "Feature: a has element with unexpected JSON type: Null"),
        ('{"examples": [{"a": [[1]]}]}', "Feature: a has element with unexpected JSON type: Array"),
        ('{"examples": [{"a": {"x": 1}}]}', "Feature: a has element with unexpected JSON type: Object"),
        ('{"examples": [{"a": [1, 1.0]}]}', "Unexpected element type in feature: a expecting type: int64"),
        ('{"examples": [{"a": [1.0, true]}]}', "Unexpected element type in feature: a expecting type: float"),
        ('{"examples": [{"a": ["x", 1]}]}', "Unexpected element type in feature: a expecting type: bytes"),
        ('{"examples": [{"a": 9223372036854775808}]}', "Feature: a has uint64 element. Only int64 is supported."),
        ('{"examples": [{"a": {"b64": "*"}}]}', "Unable to base64 decode"),
        ('{"examples": [{"a": 1' + "0" * 400 + "}]}", "Number too big to be stored in double. at offset: 20"),
        ('{"examples": [{"a": 1' + "0" * 400 + ".0}]}", "Number too big to be stored in double. at offset: 20"),
    ],
)
def test_a_body_is_refused(body: str, phrase: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_examples(body.encode(), "classify")
    assert phrase in caught.value.message
    assert caught.value.http_status == 400


X = TensorSpec("DT_FLOAT")


@pytest.mark.parametrize(
    ("method", "signature", "phrase"),
    [
        ("classify", Signature({"x": X, "keep_prob": X}, {"y": X}), "Expected one input Tensor."),
        ("regress", Signature({}, {"y": X}), "Expected one input Tensor."),
        ("classify", Signature({"x": X}, {}), "Expected one or two output Tensors, found 0"),
        ("classify", Signature({"x": X}, dict.fromkeys("abcd", X)), "Expected one or two output Tensors, found 4"),
        ("regress", Signature({"x": X}, {"a": X, "b": X}), "Expected one output Tensor."),
        (
            "classify",
            Signature({"x": X}, {"a": X}),
            f"Expected classification signature method_name to be {CLASSIFY}. Was: {PREDICT}",
        ),
        (
            "regress",
            Signature({"x": X}, {"a": X}, CLASSIFY),
            f"Expected regression signature method_name to be {REGRESS}. Was: {CLASSIFY}",
        ),
    ],
)
def test_a_signature_is_not_made_for_it(method: str, signature: Signature, phrase: str) -> None:
    error = refuse(method, signature)
    assert (error.message, error.http_status) == (phrase, 400)


def test_a_signature_made_for_it_is_not_served() -> None:
    assert refuse("classify", Signature({"inputs": X}, {"scores": X}, CLASSIFY)).http_status == 501


FEATURES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=2) | st.just({"b64": "QQ"})
EXAMPLES = st.dictionaries(st.text(max_size=2), FEATURES | st.lists(FEATURES, max_size=2), max_size=2) | FEATURES


@given(examples=st.lists(EXAMPLES, max_size=3) | EXAMPLES, context=EXAMPLES)
def test_json_is_read_or_refused(examples: Any, context: Any) -> None:
    try:
        parse_examples(json.dumps({"examples": examples, "context": context}).encode(), "regress")
    except RequestError as error:
        assert error.http_status == 400
