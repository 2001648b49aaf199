"""A few bytes that claim a mountain, sent to a real server: refused or answered, at little cost, by REST and by gRPC.

The cost is that of the server and its side processes: processor seconds, and how much higher their memory rises than a
plain request had it.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from roadsigns import export, networks
from roadsigns.exported import MODEL_NAME

ATTACKS = Path(__file__).parents[2] / "fixtures" / "attacks"
X = np.full((1, 32, 32, 1), 0.5, np.float32)
TICKS = os.sysconf("SC_CLK_TCK")
MB = 2**20


@dataclass(frozen=True)
class Cost:
    seconds: float
    bytes: int

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.seconds - other.seconds, self.bytes - other.bytes)


@dataclass(frozen=True)
class Server:
    pid: int
    rest: str
    stub: Any

    def cost(self) -> Cost:
        """Processor seconds so far, and the highest memory so far, of the server and all processes below it."""
        family = {self.pid}
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        seconds, peak = 0.0, 0
        for pid in family:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            seconds += sum(map(int, fields[11:15])) / TICKS
            peak += 1024 * sum(map(int, re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())))
        return Cost(seconds, peak)

    def ask(self, signature: str, body: bytes | dict[str, Any]) -> tuple[int, str]:
        """A REST call, packed if it is bytes; status and error."""
        packed = isinstance(body, bytes)
        made = requests.post(
            f"http://{self.rest}/v1/models/{MODEL_NAME}:predict",
            data=body if packed else json.dumps({"signature_name": signature, **body}),
            headers={"Content-Encoding": "gzip"} if packed else {},
            timeout=60,
        )
        return made.status_code, made.json().get("error", "") if made.status_code != 200 else ""

    def call(self, message: bytes | Any) -> tuple[int, str]:
        """A gRPC call; its code as REST would have it, and the error."""
        request = predict_pb2.PredictRequest.FromString(message) if isinstance(message, bytes) else message
        try:
            self.stub.Predict(request, timeout=60)
        except grpc.RpcError as error:
            return {"INVALID_ARGUMENT": 400, "RESOURCE_EXHAUSTED": 429}[error.code().name], error.details()
        return 200, ""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("models")
    export.export(networks.build("notebook", seed=1), base, 1)
    command = [sys.executable, "-m", "roadsigns.serving", f"--model_base_path={base}"]
    command += ["--port=auto", "--rest_api_port=auto"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            first, second = process.stdout.readline(), process.stdout.readline()
            addresses = [re.findall(r"on (?:http://)?(\S+): ", line)[0] for line in (first, second)]
            with grpc.insecure_channel(addresses[0]) as channel:
                made = Server(process.pid, addresses[1], prediction_service_pb2_grpc.PredictionServiceStub(channel))
                for _ in range(3):  # whatever is made once: side processes, buffers, threads
                    made.ask("", packed({"inputs": {"x": np.ones((600, 32, 32, 1)).tolist(), **KEEP}}))
                    made.ask("predict_pixels", {"instances": np.ones((600, 2, 2, 3), int).tolist()})
                    made.call(message("", x=np.ones((600, 32, 32, 1), np.float32), **KEEP))
                yield made
        finally:
            process.kill()


KEEP = {"keep_prob": 1.0, "keep_prob_conv": 1.0}


def packed(body: Any) -> bytes:
    return gzip.compress(body if isinstance(body, bytes) else json.dumps(body).encode())


def message(signature: str, **inputs: Any) -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL_NAME
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        proto = value if hasattr(value, "tensor_shape") else tf.make_tensor_proto(np.asarray(value, np.float32))
        request.inputs[name].CopyFrom(proto)
    return request


def claim(dtype: Any, *shape: int) -> Any:
    proto = tf.make_tensor_proto(0).__class__(dtype=dtype.as_datatype_enum)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def png(width: int, height: int, rows: bytes, *more: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(rows, 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), *(chunk(name, b"") for name in more), chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    )


def files(*pictures: bytes) -> dict[str, Any]:
    return {"instances": [{"b64": base64.b64encode(each).decode()} for each in pictures]}


def rows(name: str, text: bytes, count: int) -> bytes:
    return packed(b'{"signature_name":"%s","instances":[%s]}' % (name.encode(), b",".join([text] * count)))


JPEG = bytes.fromhex("ffd8ffc0000b08200020000101110000ffda0008010100003f00") + bytes(900)  # claims 8192 x 8192

SMALL: dict[str, tuple[Callable[[Server], tuple[int, str]], int, str]] = {
    "keep probabilities claimed": (
        lambda server: server.call((ATTACKS / "keep_prob_claim.pb").read_bytes()),
        400,
        "asks for 100000 rows in 134 bytes: expected at most 646",
    ),
    "pictures of one pixel claimed": (
        lambda server: server.call((ATTACKS / "pixels_claim.pb").read_bytes()),
        400,
        "rows in 72 bytes",
    ),
    "one wide picture claimed": (
        lambda server: server.call(message("predict_pixels", images=claim(tf.uint8, 1, 1, 33_000_000, 3))),
        400,
        "shape [1, 1, 33000000, 3] is larger than 167",
    ),
    "wide pictures claimed": (
        lambda server: server.call(message("predict_pixels", images=claim(tf.uint8, 80, 1, 65_535, 3))),
        200,
        "",
    ),
    "strings claimed": (
        lambda server: server.call(message("predict_images", image_bytes=claim(tf.string, 30_000_000))),
        400,
        "larger than 167",
    ),
    "pictures claimed, units drop": (
        lambda server: server.call(
            message("", x=claim(tf.float32, 25_000, 32, 32, 1), keep_prob=0.5, keep_prob_conv=0.5)
        ),
        400,
        "larger than 167",
    ),
    "pictures of one pixel packed": (
        lambda server: server.ask("", rows("predict_pixels", b"[[[1,1,1]]]", 80_000)),
        400,
        "asks for 80000 rows in ",
    ),
    "empty lists packed": (lambda server: server.ask("", rows("predict_images", b"[]", 300_000)), 400, "rows in "),
    "a large PNG of few bytes": (
        lambda server: server.ask("predict_images", files(png(8000, 8000, b"\0" * 500_000))),
        400,
        "picture 0 is a damaged PNG or JPEG file",
    ),
    "a large JPEG of few bytes": (
        lambda server: server.ask("predict_images", files(JPEG)),
        400,
        "bytes are too few for 8192 x 8192 pixels",
    ),
}


def cost_of(server: Server, attack: Callable[[Server], tuple[int, str]], status: int, words: str) -> Cost:
    before = server.cost()
    found = attack(server)
    assert found[0] == status and words in found[1], found
    return server.cost() - before


@pytest.mark.parametrize(("attack", "status", "words"), SMALL.values(), ids=SMALL.keys())
def test_no_kilobyte_costs_a_second_or_100_megabytes(
    server: Server, attack: Callable[[Server], tuple[int, str]], status: int, words: str
) -> None:
    cost = cost_of(server, attack, status, words)
    assert cost.seconds < 1, cost
    assert cost.bytes < 100 * MB, cost


LARGE: dict[str, tuple[Callable[[Server], tuple[int, str]], int, str]] = {
    "20,000 keep probabilities": (
        lambda server: server.ask("", {"inputs": {"x": X.tolist(), "keep_prob": [0.5] * 20_000, "keep_prob_conv": 1}}),
        400,
        "20000 rows: expected at most 8192",
    ),
    "a picture of 67,000,000 x 1": (
        lambda server: server.ask("predict_images", files(png(67_000_000, 1, bytes(67_000_001)))),
        400,
        "has 67000000 x 1 pixels: expected at most 65,535 a side",
    ),
    "2,000,000 empty strings packed": (
        lambda server: server.ask("", rows("predict_images", b'""', 2_000_000)),
        400,
        "JSON values: expected at most",
    ),
    "33,000,000 empty lists packed": (
        lambda server: server.ask("", rows("predict_images", b"[]", 33_000_000)),
        400,
        "JSON values: expected at most",
    ),
    "a million empty chunks": (
        lambda server: server.ask("predict_images", files(png(32, 32, bytes(33 * 32), *[b"abCd"] * 1_000_000))),
        400,
        "picture 0 is a PNG file of more than 100000 chunks",
    ),
}


@pytest.mark.parametrize(("attack", "status", "words"), LARGE.values(), ids=LARGE.keys())
def test_some_kilobytes_are_refused_before_they_unfold(
    server: Server, attack: Callable[[Server], tuple[int, str]], status: int, words: str
) -> None:
    cost = cost_of(server, attack, status, words)
    assert cost.bytes < 400 * MB, cost
    assert server.call(message("", x=X, **KEEP)) == (200, "")


def test_as_many_answers_to_one_picture_as_a_batch_has_take_the_memory_of_a_batch(server: Server) -> None:
    before = server.cost()
    body = {"inputs": {"x": X.tolist(), "keep_prob": [0.5] * 2000, "keep_prob_conv": 0.9}}
    assert server.ask("", body)[0] == 200
    assert (server.cost() - before).bytes < 100 * MB
