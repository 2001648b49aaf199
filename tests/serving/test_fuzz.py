"""A running server under requests that nobody would send: never a 500, and right answers afterwards."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadsigns import export, networks
from roadsigns.exported import MODEL_NAME
from roadsigns.serving.embedded import model_server

EXAMPLES = 100
X = [[[[0.5]] * 32] * 32]
RIGHT = {"inputs": {"x": X, "keep_prob": 1, "keep_prob_conv": 1}}
PICTURE = {"signature_name": "predict_images", "instances": [{"b64": "iVBORw0KGgo="}]}
PIXELS = {"signature_name": "predict_pixels", "instances": [[[[1, 2, 3]] * 4] * 4]}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    base = tmp_path_factory.mktemp("fuzz")
    export.export(networks.build("notebook", seed=1), base, 1)
    with model_server(base) as found:
        host, port = found.split(":")
        yield host, int(port)


VERBS = st.sampled_from(["GET", "POST", "POST", "POST", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"])
STEPS = st.sampled_from(
    [
        "v1",
        "models",
        MODEL_NAME,
        "versions",
        "labels",
        "1",
        "2",
        "-1",
        "9" * 30,
        "metadata",
        "%00",
        "%zz",
        "..",
        "",
    ]
)
METHODS = st.sampled_from(["", ":predict", ":classify", ":regress", ":", ":predict:predict", "?x=:predict"])
PATHS = st.builds(lambda steps, method: "/" + "/".join(steps) + method, st.lists(STEPS, max_size=7), METHODS)
KNOWN = st.builds(
    lambda which, method: f"/v1/models/{MODEL_NAME}{which}{method}",
    st.sampled_from(["", "", "/versions/1", "/versions/2", "/labels/stable"]),
    st.sampled_from([":predict", ":predict", ":predict", ":classify", ":regress", "/metadata"]),
)

LEAVES: Any = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([1, 0.5, 2, {"b64": "QQ=="}, {"b64": "?"}, X, X[0], []])
)
NAMES = st.sampled_from(["x", "keep_prob", "keep_prob_conv", "image_bytes", "images", "b64", ""])
VALUES: Any = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
INPUTS = st.fixed_dictionaries({"x": VALUES | st.just(X), "keep_prob": VALUES, "keep_prob_conv": VALUES})
FIELDS: Any = st.fixed_dictionaries(
    {},
    optional={
        "signature_name": st.sampled_from(["serving_default", "predict_images", "predict_pixels", "", "none", 1, None]),
        "inputs": VALUES | INPUTS,
        "instances": VALUES | st.lists(VALUES | INPUTS, max_size=3),
        "examples": VALUES,
    },
)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A body that was in order until a few bytes changed."""
    body = bytearray(json.dumps(draw(st.sampled_from([RIGHT, PICTURE, PIXELS]))).encode())
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(body)))
        body[place : place + draw(st.integers(0, 3))] = draw(
            st.binary(max_size=3) | st.sampled_from([b"[", b"]", b","])
        )
    return bytes(body)


BODIES = FIELDS.map(lambda value: json.dumps(value).encode()) | spoilt() | st.binary(max_size=100)


def ask(address: tuple[str, int], verb: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=30)
    try:
        connection.putrequest(verb, path, skip_accept_encoding=True)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def healthy(address: tuple[str, int]) -> None:
    status, made = ask(address, "POST", f"/v1/models/{MODEL_NAME}:predict", json.dumps(RIGHT).encode(), {})
    assert status == 200
    assert abs(sum(json.loads(made)["outputs"][0]) - 1) < 1e-4


@settings(max_examples=EXAMPLES)
@given(VERBS, PATHS | KNOWN, BODIES, st.sampled_from([{}, {"Content-Encoding": "gzip"}, {"Expect": "100-continue"}]))
def test_no_request_is_a_fault_of_the_server(
    address: tuple[str, int], verb: str, path: str, body: bytes, headers: dict[str, str]
) -> None:
    status, made = ask(address, verb, path, body, headers)
    assert status < 500 or status == 501, made
    if status == 200 and verb == "POST":
        json.loads(made)


@settings(max_examples=EXAMPLES)
@given(KNOWN, BODIES)
def test_no_call_is_a_fault_of_the_server(address: tuple[str, int], path: str, body: bytes) -> None:
    status, made = ask(address, "POST", path, body, {})
    assert status in (200, 400, 404, 412, 501), made
    assert status == 200 or json.loads(made)["error"]


PIECES = [
    *(b"POST /v1/models/x:predict HTTP/1.1\r\n", b"GET / HTTP/1.0\r\n", b"Host: a\r\n", b"Content-Length: 3\r\n"),
    *(b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n", b"5\r\nabcde\r\n", b"0\r\n\r\n"),
    *(b"Upgrade: h2c\r\nConnection: upgrade\r\n", b"X: " + b"a" * 5000 + b"\r\n", b"PRI * HTTP/2.0\r\n\r\n"),
]
LINES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=30), max_size=12).map(b"".join)


@settings(max_examples=EXAMPLES)
@given(LINES)
def test_no_bytes_are_a_fault_of_the_server(address: tuple[str, int], sent: bytes) -> None:
    with socket.create_connection(address, timeout=30) as line:
        try:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            made = b"".join(iter(lambda: line.recv(1 << 16), b""))
        except ConnectionError:  # it has hung up on us, which it may
            made = b""
    assert not made or made.startswith(b"HTTP/1.1 ")
    assert b"HTTP/1.1 500" not in made


def test_the_server_is_well_afterwards(address: tuple[str, int]) -> None:
    healthy(address)
