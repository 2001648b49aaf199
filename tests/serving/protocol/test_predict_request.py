"""Predict bodies to arrays, and each refusal in TensorFlow Serving's words."""

from __future__ import annotations

import base64
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodies import FLOAT, STRING, TWO, arrays, refusal, signature, whatever
from roadsigns.errors import HTTP_STATUS, RequestError
from roadsigns.serving.protocol import refusals
from roadsigns.serving.protocol.predict_request import Form, parse_body
from roadsigns.serving.protocol.signature import NUMPY, Signature

ROW = "Failed to process element: "

REFUSED: list[tuple[str, Signature, str]] = [
    ("", FLOAT, "JSON Parse error: The document is empty"),
    ("{", FLOAT, "JSON Parse error: Missing a name for object member. at offset: 1"),
    ("[1]", FLOAT, "JSON Value: [1] Is not object"),
    ("12", FLOAT, "JSON Value: 12 Is not object"),
    ('{"signature_name": 1}', FLOAT, "'signature_name' key must be a string value."),
    ('{"signature_name": null}', FLOAT, "'signature_name' key must be a string value."),
    (
        '{"inputs": 1, "instances": [1]}',
        FLOAT,
        "expecting only one of 'inputs' or 'instances' keys to exist",
    ),
    ("{}", FLOAT, "Missing 'inputs' or 'instances' key"),
    ('{"inputs": 1}', signature(), "Failed to get input map for signature: DEFAULT"),
    ('{"instances": {"x": 1}}', FLOAT, "Expecting 'instances' to be an list/array"),
    ('{"instances": []}', FLOAT, "No values in 'instances' array"),
    ('{"instances": [1]}', TWO, "instances is a plain list, but expecting list of objects"),
    ('{"instances": [{"b64": "QQ=="}]}', TWO, "instances is a plain list, but expecting list of objects"),
    ('{"inputs": [1]}', TWO, "inputs is a plain value/list, but expecting an object"),
    ('{"inputs": {"b64": "QQ=="}}', TWO, "inputs is a plain value/list, but expecting an object"),
    ('{"instances": [{"x": 1}, [1]]}', FLOAT, "Expecting object but got list at item 1"),
    ('{"instances": [1, 2, {"x": 1}]}', FLOAT, "Expecting value/list but got object at item 2"),
    ('{"instances": [{"b64": "QQ=="}, {"image_bytes": "A"}]}', STRING, "Expecting value/list but got object at item 1"),
    (
        '{"instances": [{"x": 1, "keep_prob": 1}, {"x": 1}]}',
        TWO,
        ROW + "1 of 'instances' list. JSON object: {\"x\": 1} keys must be equal to: keep_prob,x",
    ),
    (
        '{"instances": [{"x": 1, "y": 2}]}',
        FLOAT,
        ROW + "0 key: y of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: y",
    ),
    ('{"inputs": {"x": [1]}}', TWO, "Missing named input: keep_prob in 'inputs' object."),
    ('{"inputs": {"y": [1]}}', FLOAT, "Missing named input: x in 'inputs' object."),
    ('{"inputs": "1.5"}', FLOAT, 'JSON Value: "1.5" Type: String is not of expected type: float'),
    ('{"inputs": [[true]]}', FLOAT, "JSON Value: true Type: True is not of expected type: float"),
    ('{"inputs": [false]}', signature(n="INT32"), "JSON Value: false Type: False is not of expected type: int32"),
    ('{"inputs": [1, null]}', FLOAT, "JSON Value: null Type: Null is not of expected type: float"),
    ('{"inputs": {"x": {"b64": "QQ=="}}}', FLOAT, "Type: Object is not of expected type: float"),
    ('{"inputs": [1.0]}', signature(n="INT32"), "JSON Value: 1.0 Type: Number is not of expected type: int32"),
    ('{"inputs": [1]}', signature(b="BOOL"), "JSON Value: 1 Type: Number is not of expected type: bool"),
    ('{"inputs": [1]}', STRING, "JSON Value: 1 Type: Number is not of expected type: string"),
    ('{"inputs": [1]}', signature(h="HALF"), "Conversion of JSON Value: 1 to type: half"),
    ('{"inputs": []}', signature(c="COMPLEX64"), "Conversion of JSON Value: [] to type: complex64"),
    ('{"inputs": [[1, 2], [3]]}', FLOAT, "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
    ('{"inputs": [[], [3]]}', FLOAT, "Encountered list at unexpected size: 1 at level: 1 expected size: 0"),
    ('{"inputs": [1, [2]]}', FLOAT, "Encountered list at unexpected level: 1 expected < 1"),
    ('{"inputs": [[1], 2]}', FLOAT, "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
    (
        '{"instances": [[1, 2], [3]]}',
        FLOAT,
        ROW + "1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 2 but got: 1",
    ),
    ('{"instances": [[[1, 2]], [1, 2]]}', FLOAT, "Expecting shape [1,2] but got: [2]"),
    ('{"instances": [{"x": [1, 2]}, {"x": [[1, 2]]}]}', FLOAT, ROW + "1 key: x of 'instances' list. Error: "),
    (
        '{"instances": [1, "a"]}',
        FLOAT,
        ROW + "1 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: \"a\" Type: String",
    ),
    ('{"inputs": {"b64": "*"}}', STRING, "Unable to base64 decode"),
    (
        '{"instances": [{"b64": "QQ"}, {"b64": "QQ="}]}',
        STRING,
        ROW + "1 of 'instances' list. Error: INVALID_ARGUMENT: Unable to base64 decode",
    ),
    ('{"inputs": [{"b64": 1}]}', STRING, 'JSON Value: {"b64": 1} not formatted correctly for base64 data'),
    ('{"inputs": [{"b64": "QQ==", "x": 1}]}', STRING, "not formatted correctly for base64 data"),
    ('{"inputs": [1e999]}', FLOAT, "JSON Parse error: Number too big to be stored in double. at offset: 12"),
    ('{"inputs": [1' + "0" * 400 + "]}", FLOAT, "Number too big to be stored in double. at offset: 12"),
    ('{"inputs": [-1' + "0" * 400 + ".0]}", FLOAT, "Number too big to be stored in double. at offset: 12"),
    ('{"instances": [Infinity, 1' + "0" * 400 + ".0]}", FLOAT, "Number too big to be stored in double. at offset: 25"),
    ('{"inputs": ' + "[" * 33 + "]" * 33 + "}", FLOAT, "has more than 32 levels of lists"),
    ('{"instances": ' + "[" * 40 + "]" * 40 + "}", FLOAT, "has more than 32 levels of lists"),
    ('{"inputs": ' + "[" * 100_000, FLOAT, "Nesting is deeper than 1000 levels. at offset: 1010"),
]


@pytest.mark.parametrize(("body", "wanted", "phrase"), REFUSED, ids=[body[:40] for body, _, _ in REFUSED])
def test_a_body_is_refused(body: str, wanted: Signature, phrase: str) -> None:
    error = refusal(body, wanted)
    assert phrase in error.message
    assert error.code == ("UNIMPLEMENTED" if phrase.startswith("Conversion") else "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("error", "status", "phrase"),
    [
        (refusals.servable_not_found("m"), 404, "Servable not found for request: Latest(m)"),
        (refusals.servable_not_found("m", 0), 404, "Servable not found for request: Specific(m, 0)"),
        (refusals.no_status("m"), 404, "Could not find any versions of model m"),
        (refusals.no_status("m", 3), 404, "Could not find version 3 of model m"),
        (refusals.unknown_label("l"), 400, "Unrecognized servable version label: l"),
        (refusals.unknown_signature("s"), 400, 'Serving signature name: "s" not found in signature def'),
        (refusals.unknown_signature(""), 400, 'Serving signature name: "serving_default" not found in signature def'),
        (refusals.unknown_signature("s", "classify"), 400, "No signature was found with the name: s"),
    ],
)
def test_what_is_not_there_is_refused(error: RequestError, status: int, phrase: str) -> None:
    assert (error.http_status, error.message) == (status, phrase)


def test_each_code_has_its_http_status() -> None:
    expected = {
        400: {"INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE"},
        401: {"UNAUTHENTICATED"},
        403: {"PERMISSION_DENIED"},
        404: {"NOT_FOUND"},
        409: {"ALREADY_EXISTS", "ABORTED"},
        429: {"RESOURCE_EXHAUSTED"},
        499: {"CANCELLED"},
        500: {"INTERNAL", "UNKNOWN", "DATA_LOSS"},
        501: {"UNIMPLEMENTED"},
        503: {"UNAVAILABLE"},
        504: {"DEADLINE_EXCEEDED"},
    }
    assert {code: status for status, codes in expected.items() for code in codes} == HTTP_STATUS
    assert RequestError("", "NOT_FOUND").http_status == 404


RANGES = {
    "INT8": (-(2**31), 2**31 - 1),
    "INT16": (-(2**31), 2**31 - 1),
    "INT32": (-(2**31), 2**31 - 1),
    "UINT8": (-(2**31), 2**31 - 1),
    "INT64": (-(2**63), 2**63 - 1),
    "UINT32": (0, 2**32 - 1),
    "UINT64": (0, 2**64 - 1),
}


@pytest.mark.parametrize(("dtype", "limits"), RANGES.items())
def test_integers_have_a_range(dtype: str, limits: tuple[int, int]) -> None:
    low, high = limits
    wanted = signature(n=dtype)
    numbers = arrays(f'{{"inputs": [{low}, {high}]}}', wanted)["n"]
    bits = 8 * numbers.dtype.itemsize
    assert numbers.dtype == NUMPY[f"DT_{dtype}"]
    assert [int(each) % 2**bits for each in numbers] == [low % 2**bits, high % 2**bits]
    for beyond in (low - 1, high + 1):
        shown = beyond if -(2**63) <= beyond < 2**64 else float(beyond)  # what an integer is past 64 bits
        assert (
            f"JSON Value: {shown} Type: Number is not of expected type"
            in refusal(f'{{"inputs": [{beyond}]}}', wanted).message
        )


def test_numbers_for_a_float() -> None:
    whole = "340282346638528859811704183484516925440"
    words = f"1, -0, -0.0, 0.1, 1e39, -1e39, 1e-60, 1e-999, {whole}, NaN, Infinity, -Inf"
    numbers = arrays(f'{{"inputs": [{words}]}}')["x"]
    biggest = float(np.finfo(np.float32).max)
    expected = [1, 0, -0.0, 0.1, math.inf, -math.inf, 0, 0, biggest, math.nan, math.inf, -math.inf]
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(numbers, np.array(expected, np.float32))
    assert np.signbit(numbers).tolist() == [str(each).startswith("-") for each in expected]
    assert numbers.dtype == np.float32


def test_integers_past_64_bits_for_a_double() -> None:
    assert arrays('{"inputs": [18446744073709551616, 1.5]}', signature(d="DOUBLE"))["d"].tolist() == [2.0**64, 1.5]


@pytest.mark.parametrize(
    ("value", "shape"),
    [("1", ()), ("[]", (0,)), ("[[], []]", (2, 0)), ("[[[]], [[]]]", (2, 1, 0)), ("[[1, 2], [3, 4], [5, 6]]", (3, 2))],
)
@pytest.mark.parametrize("dtype", ["FLOAT", "INT64", "UINT64", "UINT8"])
def test_shapes_are_taken_as_written(value: str, shape: tuple[int, ...], dtype: str) -> None:
    array = arrays(f'{{"inputs": {value}}}', signature(x=dtype))["x"]
    assert (array.shape, array.dtype) == (shape, NUMPY[f"DT_{dtype}"])


def test_the_columns_need_not_agree_and_may_be_too_many() -> None:
    body = '{"inputs": {"x": [1, 2], "keep_prob": 0.5, "more": "?"}}'
    made, form = parse_body(body.encode()).arrays(TWO)
    assert form is Form.COLUMNS
    assert {name: (array.shape, array.tolist()) for name, array in made.items()} == {
        "x": ((2,), [1, 2]),
        "keep_prob": ((), 0.5),
    }


@pytest.mark.parametrize("body", ['{"instances": [1, 2]}', '{"instances": [{"x": 1}, {"x": 2}]}'])
def test_a_scalar_in_rows_becomes_a_vector(body: str) -> None:
    made, form = parse_body(body.encode()).arrays(FLOAT)
    assert form is Form.ROW
    assert made["x"].tolist() == [1, 2]


def test_of_equal_keys_the_first_counts() -> None:
    body = b'{"signature_name": "a", "signature_name": 1, "instances": [1], "instances": 3}'
    assert parse_body(body).signature_name == "a"
    assert parse_body(body).arrays(FLOAT)[0]["x"].tolist() == [1]


def test_strings_are_their_bytes() -> None:
    body = (
        '{"inputs": ["\u00e4\\u0000", {"b64": "//8="}, {"b64": " \\n/ /8"}, {"b64": "QQ.."}, {"b64": ""}, "\\udc00"]}'
    )
    made = arrays(body, STRING)["image_bytes"]
    assert made.tolist() == [b"\xc3\xa4\0", b"\xff\xff", b"\xff\xff", b"A", b"", b"\xed\xb0\x80"]
    assert made.dtype == object


@pytest.mark.parametrize(
    "text", ["Q", "QQ=", "QQ===", "=", "QQ==QQ==", "-_8=", "Q*", "\u00e4", "QUJD=", "QUJD====", ".QQ"]
)
def test_base64_of_another_kind_is_refused(text: str) -> None:
    assert refusal(json.dumps({"inputs": {"b64": text}}), STRING).message == "Unable to base64 decode"


@given(raw=st.binary(), padded=st.booleans())
def test_base64_with_and_without_padding(raw: bytes, padded: bool) -> None:
    text = base64.b64encode(raw).decode()
    body = json.dumps({"instances": [{"b64": text if padded else text.rstrip("=")}]})
    assert arrays(body, STRING)["image_bytes"].tolist() == [raw]


@pytest.mark.parametrize(
    "body",
    [
        b'{"inputs": "' + b"a" * 5_000_000 + b'"}',
        b'{"inputs": [' + b'"a",' * 300_000 + b'"b"]}',
        b"[" + b"9," * 99_999 + b"9]",
    ],
    ids=["string", "list", "top"],
)
def test_what_is_echoed_is_cut(body: bytes) -> None:
    assert len(refusal(body).message) < 400


def test_the_echo_of_anything_is_short() -> None:
    body = b'{"instances": ' + b"[" * 900 + b"]" * 900 + b', "inputs": 1}'
    assert refusal(body).message.startswith('JSON Value: {"instances": [[[[')
    assert len(refusal(body).message) < 400


SIGNATURES = st.sampled_from(
    [
        FLOAT,
        TWO,
        STRING,
        signature(b="BOOL"),
        signature(n="UINT8"),
        signature(n="INT64", s="STRING"),
        signature(h="HALF"),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.just({"b64": "QQ=="})
    | st.just({"b64": 1})
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xnsb") | st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)
BODIES = st.builds(
    lambda key, value, name: json.dumps({**name, key: value}).encode(),
    st.sampled_from(["instances", "inputs"]),
    JSON | st.lists(JSON, max_size=4),
    st.sampled_from([{}, {"signature_name": "s"}, {"signature_name": None}]),
)


@given(body=st.binary(), wanted=SIGNATURES)
def test_bytes_are_read_or_refused(body: bytes, wanted: Signature) -> None:
    whatever(body, wanted)


@given(body=BODIES, wanted=SIGNATURES)
def test_json_is_read_or_refused(body: bytes, wanted: Signature) -> None:
    whatever(body, wanted)


@given(body=BODIES, at=st.integers(0, 200), cut=st.integers(0, 3), put=st.binary(max_size=3), wanted=SIGNATURES)
def test_damaged_json_is_read_or_refused(body: bytes, at: int, cut: int, put: bytes, wanted: Signature) -> None:
    at %= len(body)
    whatever(body[:at] + put + body[at + cut :], wanted)


def test_refusals_are_told_to_the_last_letter() -> None:
    """The table above looks for a part of each; here whole messages, as TensorFlow Serving's sources have them."""
    both = '{"inputs": 1, "instances": [1]}'
    assert refusal(both).message == (
        f"JSON Value: {both} Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"
    )
    assert refusal('{"instances": [1]}', TWO).message == (
        "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
        "tensorinfo_map"
    )


def test_no_truth_values_are_an_array_of_none() -> None:
    assert arrays('{"inputs": []}', signature(b="BOOL"))["b"].dtype == np.bool_
