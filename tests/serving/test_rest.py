"""The REST API over a real socket, on a model that needs no TensorFlow: statuses, phrases, and the pages beside it."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from fronts import LIMITS, SIGNATURES, Front, Model, Models, read_reply, running
from roadsigns.serving import rest

PREDICT = "/v1/models/m:predict"


@pytest.fixture(scope="module")
def cors() -> Iterator[Front]:
    with running(cors=True) as front:
        yield front


def call(front: Front, verb: str, path: str, body: bytes | str | Any = b"", **headers: str) -> requests.Response:
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return requests.request(verb, front.url + path, data=data, headers=headers, timeout=10)


def test_row_form_is_answered_in_row_form(front: Front) -> None:
    made = call(front, "POST", PREDICT, {"instances": [0.5, 2]})
    assert (made.status_code, made.json()) == (200, {"predictions": [1.5, 3.0]})
    assert made.headers["content-type"] == "application/json"


def test_column_form_is_answered_in_column_form(front: Front) -> None:
    made = call(front, "POST", PREDICT, {"inputs": {"x": [0.5]}, "signature_name": ""})
    assert (made.status_code, made.json()) == (200, {"outputs": [1.5]})


def test_a_signature_is_found_by_name(front: Front) -> None:
    made = call(front, "POST", PREDICT, {"signature_name": "two", "inputs": {"a": 0.25, "b": 2}})
    assert made.json() == {"outputs": 2.25}


def test_files_go_in_and_come_out_as_b64(front: Front) -> None:
    file = {"b64": base64.b64encode(b"\xff\0 a file").decode()}
    made = call(
        front, "POST", PREDICT, {"signature_name": "predict_images", "instances": [file, {"image_bytes": file}]}
    )
    assert made.status_code == 400  # of two kinds
    made = call(front, "POST", PREDICT, {"signature_name": "predict_images", "instances": [file]})
    assert made.json() == {"predictions": [{"first_bytes": {"b64": "/wA="}, "sizes": 9}]}


@pytest.mark.parametrize("way", ["/versions/3", "/versions/0003", "/labels/stable"])
def test_a_version_is_found_by_number_and_label(front: Front, way: str) -> None:
    assert call(front, "POST", f"/v1/models/m{way}:predict", {"instances": [1]}).status_code == 200
    assert call(front, "GET", f"/v1/models/m{way}/metadata").json()["model_spec"]["version"] == "3"


def test_the_path_has_no_case_and_names_have(front: Front) -> None:
    assert call(front, "POST", "/V1/Models/m:predict", {"instances": [1]}).status_code == 200
    assert call(front, "POST", "/v1/models/M:predict", {"instances": [1]}).status_code == 404


def test_names_are_decoded_after_the_path_is_taken_apart() -> None:
    with running(Models({"a/b:c ü": [Model(model="a/b:c ü")]})) as front:
        assert call(front, "POST", "/v1/models/a%2Fb%3ac%20%C3%BC:predict", {"instances": [1]}).status_code == 200


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "", "image/png"])
def test_the_content_type_does_not_matter(front: Front, content_type: str) -> None:
    made = call(front, "POST", PREDICT, {"instances": [1]}, **{"Content-Type": content_type, "Accept": "text/html"})
    assert made.status_code == 200


def echoed(text: str) -> str:
    return re.escape(text)


A = "/v1/models/m"
ERRORS: dict[str, tuple[str, str, Any, int, str]] = {
    "no model": (
        "POST",
        "/v1/models/no:predict",
        {"instances": [1]},
        404,
        "Servable not found for request: Latest(no)",
    ),
    "no version": ("POST", f"{A}/versions/9:predict", {"instances": [1]}, 404, "not found for request: Specific(m, 9)"),
    "no status": ("GET", "/v1/models/no", "", 404, "Could not find any versions of model no"),
    "no status of a version": ("GET", f"{A}/versions/9", "", 404, "Could not find version 9 of model m"),
    "no label": ("POST", f"{A}/labels/x:predict", {"instances": [1]}, 400, "Unrecognized servable version label: x"),
    "no signature": (
        *("POST", PREDICT, {"signature_name": "no", "instances": [1]}, 400),
        'Serving signature name: "no" not found in signature def',
    ),
    "not JSON": ("POST", PREDICT, "{x", 400, "JSON Parse error: Missing a name for object member. at offset: 1"),
    "empty": ("POST", PREDICT, "", 400, "JSON Parse error: The document is empty"),
    "not an object": ("POST", PREDICT, "[1]", 400, "Is not object"),
    "name of a number": ("POST", PREDICT, {"signature_name": 1}, 400, "'signature_name' key must be a string value."),
    "both": ("POST", PREDICT, {"inputs": 1, "instances": [1]}, 400, "expecting only one of 'inputs' or 'instances'"),
    "neither": ("POST", PREDICT, {}, 400, "Missing 'inputs' or 'instances' key"),
    "no list": ("POST", PREDICT, {"instances": 1}, 400, "Expecting 'instances' to be an list/array"),
    "empty list": ("POST", PREDICT, {"instances": []}, 400, "No values in 'instances' array"),
    "a list for two": (
        *("POST", PREDICT, {"signature_name": "two", "instances": [1]}, 400),
        "instances is a plain list, but expecting list of objects",
    ),
    "a value for two": (
        *("POST", PREDICT, {"signature_name": "two", "inputs": 1}, 400),
        "inputs is a plain value/list, but expecting an object",
    ),
    "mixed": ("POST", PREDICT, {"instances": [1, {"x": 1}]}, 400, "Expecting value/list but got object at item 1"),
    "other keys": (
        *("POST", PREDICT, {"signature_name": "two", "instances": [{"a": 1}]}, 400),
        "Failed to process element: 0 of 'instances' list. JSON object: ",
    ),
    "missing": (
        *("POST", PREDICT, {"signature_name": "two", "inputs": {"a": 1}}, 400),
        "Missing named input: b in 'inputs' object",
    ),
    "type": ("POST", PREDICT, {"instances": ["a"]}, 400, 'JSON Value: "a" Type: String is not of expected type: float'),
    "ragged": ("POST", PREDICT, {"instances": [[1, 2], [3]]}, 400, "Expecting tensor size: 2 but got: 1"),
    "base64": (
        *("POST", PREDICT, {"signature_name": "predict_images", "instances": [{"b64": "*"}]}, 400),
        "Unable to base64 decode",
    ),
    "no base64": (
        *("POST", PREDICT, {"signature_name": "predict_images", "inputs": {"image_bytes": [{"b6": ""}]}}, 400),
        "not formatted correctly for base64 data",
    ),
    "bad JSON for no model": ("POST", "/v1/models/no:predict", "{", 400, "JSON Parse error: "),
    "classify": ("POST", f"{A}:classify", {"examples": [{"x": 1}]}, 400, "Expected classification signature"),
    "classify what could be": (
        *("POST", f"{A}:classify", {"signature_name": "classes", "examples": [{"x": 1}]}, 501),
        "This server does not classify",
    ),
    "regress": ("POST", f"{A}:regress", {"examples": [{"x": 1}]}, 400, "Expected regression signature method_name"),
    "regress two": (
        *("POST", f"{A}:regress", {"signature_name": "two", "examples": [{"x": 1}]}, 400),
        "Expected one input Tensor.",
    ),
    "classify without": (
        *("POST", f"{A}:classify", {"signature_name": "no", "examples": [{"x": 1}]}, 400),
        "No signature was found with the name: no",
    ),
    "classify nothing": ("POST", f"{A}:classify", {}, 400, "key 'examples' is expected and was not found"),
    "examples before the model": ("POST", "/v1/models/no:classify", {}, 400, "key 'examples' is expected"),
    "classify no model": ("POST", "/v1/models/no:classify", {"examples": [{"x": 1}]}, 404, "Servable not found"),
    "no name": ("GET", "/v1/models", "", 400, "Missing model name in request."),
    "too high a version": ("GET", f"{A}/versions/{2**63}", "", 400, "Failed to convert version"),
    **{
        f"malformed {verb} {path}": (verb, path, "", 400, f"Malformed request: {verb} {path}")
        for verb, path in [
            *(("GET", PREDICT), ("POST", A), ("PUT", A), ("PATCH", PREDICT), ("DELETE", A), ("GET", f"{A}/")),
            *(("POST", f"{A}:frob"), ("POST", f"{A}:Predict"), ("POST", f"{PREDICT}?x=1"), ("GET", f"{A}/Metadata")),
            *(("GET", f"{A}/versions/1/labels/a"), ("GET", "/v1/"), ("POST", "/v1/models"), ("GET", f"{A}/versions/a")),
        ]
    },
    "query of a status": ("GET", f"{A}?x=1", "", 404, "Could not find any versions of model m?x=1"),
}


@pytest.mark.parametrize(("verb", "path", "body", "status", "phrase"), ERRORS.values(), ids=ERRORS.keys())
def test_errors_have_their_status_and_phrase(
    front: Front, verb: str, path: str, body: Any, status: int, phrase: str
) -> None:
    made = call(front, verb, path, body)
    assert made.status_code == status
    assert made.headers["content-type"] == "application/json"
    assert list(made.json()) == ["error"] and phrase in made.json()["error"]
    assert "access-control-allow-origin" not in made.headers


def test_a_bug_is_logged_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def fails(name: str, inputs: Any) -> Any:
        raise ZeroDivisionError("a secret")

    with running(Models({"m": [Model(answers=fails)]})) as front:
        made = call(front, "POST", PREDICT, {"instances": [1]})
    assert (made.status_code, made.json()) == (500, {"error": "Internal error; the server's log says more"})
    assert "a secret" in caplog.text


BIG = {"instances": [0.5] * 50_000}


@pytest.mark.parametrize("body", [{"instances": [0.5]}, {"instances": [*range(50_000)]}], ids=["small", "large"])
def test_gzip_bodies_are_unpacked(front: Front, body: Any) -> None:
    packed = gzip.compress(json.dumps(body).encode())
    made = call(front, "POST", PREDICT, packed, **{"Content-Encoding": "GZip"})
    assert made.json() == {"predictions": [each + 1 for each in body["instances"]]}
    assert "content-encoding" not in made.headers


def test_large_bodies_are_read_and_large_answers_written(front: Front) -> None:
    assert call(front, "POST", PREDICT, BIG).json() == {"predictions": [1.5] * 50_000}


@pytest.mark.parametrize(
    "body",
    [b'{"instances": [1]}', b"", gzip.compress(b'{"instances": [1]}')[:-9], gzip.compress(b"{}") + b"more"],
    ids=["plain", "nothing", "cut off", "something behind"],
)
def test_what_is_not_gzip_counts_as_empty(front: Front, body: bytes) -> None:
    made = call(front, "POST", PREDICT, body, **{"Content-Encoding": "gzip"})
    assert (made.status_code, made.json()) == (400, {"error": "JSON Parse error: The document is empty"})


def test_a_gzip_bomb_is_refused(front: Front) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(packer.compress(bytes(10**7)) for _ in range(50)), packer.flush()])
    made = call(front, "POST", PREDICT, bomb, **{"Content-Encoding": "gzip"})
    assert (made.status_code, made.json()["error"]) == (
        400,
        "The body unpacks to more than 1000000 bytes (--max_request_bytes)",
    )


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"instances":' + "[" * 100_000], ids=str.__len__)
def test_deep_nests_are_refused(front: Front, text: str) -> None:
    made = call(front, "POST", PREDICT, text)
    assert (made.status_code, "Nesting is deeper than" in made.json()["error"]) == (400, True)


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4)
    return base64.b64encode(head).decode()


def test_pictures_are_limited_before_they_are_decoded(front: Front) -> None:
    small, large = {"b64": png(100, 50)}, {"b64": png(100, 51)}
    body = {"signature_name": "predict_images", "instances": [small, small]}
    assert call(front, "POST", PREDICT, body).status_code == 200
    made = call(front, "POST", PREDICT, {**body, "instances": [small, large]})
    assert (made.status_code, made.json()["error"]) == (
        400,
        "image_bytes: picture 1 has 100 x 51 pixels, which makes more than 10000 in this request: send smaller "
        "pictures, or fewer at a time (--max_picture_pixels)",
    )


# Status, metadata


def test_status_and_metadata(front: Front) -> None:
    status = call(front, "GET", "/v1/models/m").json()
    assert [each["state"] for each in status["model_version_status"]] == ["AVAILABLE"]
    assert call(front, "GET", "/v1/models/m/versions/3").json() == status
    assert call(front, "GET", "/v1/models/m/labels/nobody").json() == status
    metadata = call(front, "GET", "/v1/models/m/metadata").json()
    assert metadata["model_spec"] == {"name": "m", "signature_name": "", "version": "3"}
    assert metadata["metadata"]["signature_def"]["signature_def"].keys() == SIGNATURES.keys()


# CORS

CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, GET",
    "access-control-allow-headers": "Content-Type",
}


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("POST", PREDICT, {"instances": [1]}),
        ("POST", PREDICT, {}),
        ("GET", A, ""),
        ("GET", "/v1/no", ""),
        ("OPTIONS", A, ""),
        ("POST", PREDICT, b" " * 1_000_001),
    ],
)
def test_a_page_from_elsewhere_may_read_every_answer(cors: Front, verb: str, path: str, body: Any) -> None:
    assert call(cors, verb, path, body, Origin="http://a.example").headers.items() >= CORS.items()


@pytest.mark.parametrize(
    ("origin", "status"), [("http://a.example", 200), ("https://b", 200), ("null", 400), ("file://", 400), (None, 400)]
)
@pytest.mark.parametrize("path", [PREDICT, "/v1/anything"])
def test_preflight(front: Front, cors: Front, path: str, origin: str | None, status: int) -> None:
    headers = {} if origin is None else {"Origin": origin}
    for each in (front, cors):
        made = call(each, "OPTIONS", path, **headers)
        assert (made.status_code, made.content) == (status, b"")
        assert (made.headers.items() >= CORS.items()) == (each is cors)


# Beside the API


@pytest.mark.parametrize("path", ["/v1", "/v2/models/m", "/favicon.ico", "/metricsx", "//v1/models/m"])
@pytest.mark.parametrize("verb", ["GET", "POST", "OPTIONS", "DELETE"])
def test_whatever_is_outside_is_a_page_that_says_so(front: Front, verb: str, path: str) -> None:
    with front.connect() as line, line.makefile("rb") as stream:
        line.sendall(f"{verb} {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n".encode())
        made = read_reply(stream)
    assert (made.status, made.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"Not found" in made.body


def test_probes() -> None:
    models = Models({"m": [Model()]})
    with running(models) as front:
        assert call(front, "GET", "/healthz").text == "alive\n"
        assert call(front, "GET", "/readyz?x").text == "ready\n"
        models.served = {"m": []}
        assert call(front, "GET", "/healthz").status_code == 200
        made = call(front, "GET", "/readyz")
        assert (made.status_code, made.text) == (503, "not ready\n")


def test_metrics_count_calls_and_leave_unknown_models_unnamed() -> None:
    with running() as front:
        for index in range(3):
            call(front, "POST", f"/v1/models/stranger{index}:predict", {"instances": [1]})
        call(front, "POST", PREDICT, {"instances": [1]})
        call(front, "POST", PREDICT, {})
        made = call(front, "GET", "/metrics")
    assert made.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = made.text.splitlines()
    assert ':tensorflow:serving:request_count{model_name="(unknown)",status="NOT_FOUND"} 3' in lines
    assert ':tensorflow:serving:request_count{model_name="m",status="OK"} 1' in lines
    assert ':tensorflow:serving:request_count{model_name="m",status="INVALID_ARGUMENT"} 1' in lines
    latency = ':tensorflow:serving:request_latency_count{model_name="m",API="predict",entrypoint="REST"} 1'
    assert latency in lines and "stranger" not in made.text


def test_metrics_may_be_off() -> None:
    with running(metrics_path=None) as front:
        assert call(front, "GET", "/metrics").status_code == 404
        assert "metrics" not in call(front, "GET", "/").text


# Whatever is sent


@pytest.fixture(scope="module")
def tight() -> Iterator[Front]:
    with running(limits=dataclasses.replace(LIMITS, body_bytes=rest.SMALL_BODY * 4)) as front:
        yield front


WORDS = st.sampled_from(["instances", "inputs", "signature_name", "x", "a", "b", "b64", "image_bytes", "two"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
REQUESTS = st.fixed_dictionaries(
    {}, optional={"signature_name": st.sampled_from([*SIGNATURES, ""]) | JSON, "instances": JSON, "inputs": JSON}
)


@given(body=(REQUESTS | JSON).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
@example(body=b'{"instances": [1e999]}')
@example(body=b'{"signature_name": "\\ud800", "instances": [1]}')
def test_no_body_is_a_server_error(tight: Front, body: bytes) -> None:
    for method in ("predict", "classify", "regress"):
        made = call(tight, "POST", f"/v1/models/m:{method}", body)
        assert made.status_code in (200, 400, 501), made.text


PIECES = st.sampled_from(
    ["/v1", "/models", "/m", "/versions", "/labels", "/3", ":predict", "/metadata", "%2f", "?", "/"]
)


@given(
    verb=st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD"]),
    path=st.lists(PIECES, max_size=7).map("".join) | st.text(st.characters(min_codepoint=33, max_codepoint=126)),
)
def test_no_path_is_a_server_error(tight: Front, verb: str, path: str) -> None:
    with tight.connect() as line, line.makefile("rb") as stream:
        line.sendall(f"{verb} /{path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n".encode())
        assert read_reply(stream, bodiless=verb == "HEAD").status in (200, 400, 404)


@given(st.binary(max_size=200))
def test_no_bytes_are_a_server_error(tight: Front, sent: bytes) -> None:
    with tight.connect() as line:
        line.sendall(sent)
        line.shutdown(1)
        received = b"".join(iter(lambda: line.recv(65536), b""))
    assert not received or re.match(rb"HTTP/1\.1 (200|400|404|505) ", received)
