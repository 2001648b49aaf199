"""A server with its default limits under attack: each attacker is told what is wrong, and the others are served."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import json
import resource
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fronts import post, read_reply
from roadsigns import export, networks
from roadsigns.exported import MODEL_NAME
from roadsigns.serving.embedded import model_server

PATH = f"/v1/models/{MODEL_NAME}:predict"
LIMIT = 100 * 2**20
"""Bytes of a body, by default."""

Address = tuple[str, int]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    base = tmp_path_factory.mktemp("attacks")
    export.export(networks.build("notebook", seed=1), base, 1)
    with model_server(base) as found:
        host, port = found.split(":")
        yield host, int(port)


def send(address: Address, request: bytes) -> tuple[int, str]:
    """The status and the error of the answer."""
    with socket.create_connection(address, timeout=60) as line, line.makefile("rb") as stream:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
            line.sendall(request)
        reply = read_reply(stream)
        return reply.status, json.loads(reply.body)["error"]


def plain(x: Any, **others: Any) -> bytes:
    return json.dumps({"inputs": {"x": x, "keep_prob": 1, "keep_prob_conv": 1, **others}}).encode()


def picture(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return file.getvalue()


def with_pictures(*files: bytes) -> bytes:
    instances = [{"b64": base64.b64encode(file).decode()} for file in files]
    return json.dumps({"signature_name": "predict_images", "instances": instances}).encode()


def deep_nest() -> bytes:
    return post(b'{"instances":' + b"[" * 100_000, PATH)


def hundred_megabytes() -> bytes:
    number = b"0.123456789012345,"
    body = b'{"inputs":{"keep_prob":1,"keep_prob_conv":1,"x":[' + number * (LIMIT // len(number) - 10) + b"1]}}"
    assert LIMIT - 1000 < len(body) < LIMIT
    return post(body, PATH)


def too_many_megabytes() -> bytes:
    return post(b"", PATH).replace(b"Content-Length: 0", b"Content-Length: %d" % (LIMIT + 1)) + bytes(10**6)


def gzip_bomb() -> bytes:
    body = gzip.compress(bytes(LIMIT + 1))
    assert len(body) < LIMIT / 900
    return post(body, PATH).replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n", 1)


def picture_bomb() -> bytes:
    file = picture(10_000, 10_000)
    assert len(file) < 15_000
    return post(with_pictures(file), PATH)


def many_pictures() -> bytes:
    """Each within the limit, all together beyond it."""
    return post(with_pictures(*[picture(5000, 5000)] * 3), PATH)


def lying_header() -> bytes:
    true = picture(32, 32)
    return post(with_pictures(true.replace(struct.pack(">II", 32, 32), struct.pack(">II", 5000, 5000))), PATH)


ATTACKS = {
    deep_nest: (400, "Nesting is deeper than 1000 levels."),
    hundred_megabytes: (400, "Invalid shape of `x`"),
    too_many_megabytes: (413, "--max_request_bytes"),
    gzip_bomb: (400, "--max_request_bytes"),
    picture_bomb: (400, "--max_picture_pixels"),
    many_pictures: (400, "--max_picture_pixels"),
    lying_header: (400, "PNG"),
}


def served_meanwhile(address: Address, attack: Callable[[], Any]) -> Any:
    """What an attack comes to, beside a client that is served all the time and after it."""
    results: list[Any] = []
    attacker = threading.Thread(target=lambda: results.append(attack()))
    request = post(plain(np.full((1, 32, 32, 1), 0.5).tolist()), PATH)
    attacker.start()
    with socket.create_connection(address, timeout=10) as line, line.makefile("rb") as stream:
        served = 0
        last = False
        while not last or served < 2:  # an attack may be refused before the first answer
            last = not attacker.is_alive()
            line.sendall(request)
            reply = read_reply(stream)
            assert reply.status == 200
            assert abs(sum(json.loads(reply.body)["outputs"][0]) - 1) < 1e-4
            served += 1
    [result] = results
    return result


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_is_answered_and_the_others_are_served(address: Address, attack: Callable[[], bytes]) -> None:
    status, words = ATTACKS[attack]
    found = served_meanwhile(address, lambda: send(address, attack()))
    assert found[0] == status and words in found[1], found


def test_a_thousand_clients_that_say_nothing_cost_nothing(address: Address) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))

    def attack() -> int:
        with contextlib.ExitStack() as lines:
            for _ in range(1000):
                lines.enter_context(socket.create_connection(address, timeout=10))
            time.sleep(0.2)
        return 1000

    try:
        assert served_meanwhile(address, attack) == 1000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_clients_that_leave_in_mid_answer_are_forgotten(address: Address) -> None:
    """Each has its answer of 300 KB begun, reads a few bytes of it and resets the connection."""
    request = post(plain(np.full((600, 32, 32, 1), 1).tolist()), PATH)

    def attack() -> list[bytes]:
        begun = []
        for _ in range(2):
            with socket.create_connection(address, timeout=60) as line:
                line.sendall(request)
                begun.append(line.recv(12))
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return begun

    assert served_meanwhile(address, attack) == [b"HTTP/1.1 200"] * 2
