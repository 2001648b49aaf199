"""`roadsigns serve` as a process of its own: real model, real clients, and an end in good order."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2, prediction_service_pb2_grpc

import roadsigns
from fronts import post, read_reply
from pictures import draw_signs
from roadsigns import export, networks
from roadsigns.preprocess import preprocess

START_SECONDS = 120
ENVIRON = {**os.environ, "PYTHONPATH": str(Path(roadsigns.__file__).parent.parent)}
MODEL = "roadsigns_model"


@dataclass
class Process:
    """A running server.

    Attributes:
        rest, grpc: addresses.
        lines: what it has printed.
    """

    process: subprocess.Popen[str]
    rest: str
    grpc: str
    lines: list[str]

    def predict(self, body: Any, signature: str = "serving_default") -> requests.Response:
        data = json.dumps({"signature_name": signature, **body})
        return requests.post(f"http://{self.rest}/v1/models/{MODEL}:predict", data, timeout=60)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def command(*flags: str) -> list[str]:
    return [sys.executable, "-m", "roadsigns", "serve", "--port=auto", "--rest_api_port", "auto", *flags]


@contextlib.contextmanager
def serving(base: Path, *flags: str) -> Iterator[Process]:
    log = base.parent / f"{base.name}.log"
    with log.open("a") as err:
        process = subprocess.Popen(
            command(f"--model_base_path=file://{base}", *flags),
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            env=ENVIRON,
        )
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline(), process.stdout.readline()]
        assert all(lines), log.read_text()[-2000:]
        made = [re.search(r" on (?:http://)?(\S+): ", line)[1] for line in lines]  # type: ignore[index]
        yield Process(process, rest=made[1], grpc=made[0], lines=lines)
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("serve") / "roadsigns"
    export.export(networks.build("notebook", seed=1), base, 1)
    return base


# Flags of a command line of tensorflow_model_server that change nothing.
PRODUCTION = [
    "--rest_api_num_threads=16",
    "--grpc_max_threads=8",
    "--flush_filesystem_caches=false",
    "--per_process_gpu_memory_fraction=0.5",
    "--prefer_tflite_model",
    "--tensorflow_session_parallelism=2",
    "--grpc_channel_arguments=grpc.max_connection_age_ms=600000",
]


@pytest.fixture(scope="module")
def server(base: Path) -> Iterator[Process]:
    with serving(base, "--max_request_bytes=20000000", "--max_picture_pixels", "3000000", *PRODUCTION) as server:
        yield server


@pytest.fixture(scope="module")
def served(base: Path) -> Any:
    """The same model as TensorFlow itself loads it."""
    return tf.saved_model.load(str(base / "1"))


def test_a_line_for_each_port_says_what_is_served(server: Process) -> None:
    assert re.fullmatch(rf"gRPC on 127\.0\.0\.1:\d+: {MODEL} version 1\n", server.lines[0])
    assert re.fullmatch(rf"REST on http://127\.0\.0\.1:\d+: {MODEL} version 1\n", server.lines[1])


X = preprocess(draw_signs(3, 0)[0])


def expected(served: Any, x: Any) -> Any:
    return served.signatures["serving_default"](
        x=tf.constant(x), keep_prob=tf.constant(1.0), keep_prob_conv=tf.constant(1.0)
    )["y"].numpy()


@pytest.mark.parametrize("keep", [1, [1], [1, 1, 1], 1.0])
def test_rest_answers_as_the_model_does(server: Process, served: Any, keep: Any) -> None:
    made = server.predict({"inputs": {"x": X.tolist(), "keep_prob": keep, "keep_prob_conv": 1}})
    assert made.status_code == 200
    np.testing.assert_allclose(made.json()["outputs"], expected(served, X), atol=1e-5)


def test_grpc_answers_as_the_model_does(server: Process, served: Any) -> None:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL
    for name, value in {"x": X, "keep_prob": np.float32(1), "keep_prob_conv": np.ones(1, np.float32)}.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    with grpc.insecure_channel(server.grpc) as channel:
        made = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=60)
    np.testing.assert_allclose(tf.make_ndarray(made.outputs["y"]), expected(served, X), atol=1e-5)


def test_all_is_answered_without_tensorflow_in_the_process(server: Process) -> None:
    """Numbers, units that drop, pictures, metadata, by REST and gRPC: afterwards none of its libraries is mapped."""
    half = {"inputs": {"x": X[:1].tolist(), "keep_prob": [0.5] * 3, "keep_prob_conv": 1}}
    assert len({str(row) for row in server.predict(half).json()["outputs"]}) == 3
    assert server.predict(images(encoded(SIGN)), "predict_images").status_code == 200
    described = requests.get(f"http://{server.rest}/v1/models/{MODEL}/metadata", timeout=60).json()
    assert len(described["metadata"]["signature_def"]["signature_def"]) == 3
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = MODEL
    with grpc.insecure_channel(server.grpc) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        assert "signature_def" in stub.GetModelMetadata(request, timeout=60).metadata
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "onnxruntime" in mapped
    assert "libtensorflow" not in mapped


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def images(*files: bytes) -> Any:
    return {"instances": [{"b64": base64.b64encode(file).decode()} for file in files]}


SIGN = Image.fromarray(draw_signs(1, 5)[0][0])
BIG = SIGN.resize((64, 64))

GOOD_PICTURES = {
    "png": encoded(SIGN),
    "jpeg": encoded(BIG, "JPEG"),
    "animated": encoded(SIGN, save_all=True, append_images=[SIGN.rotate(180)], duration=50),
    "cmyk": encoded(BIG.convert("CMYK"), "JPEG"),
    "16 bits": encoded(Image.fromarray(np.arange(1024, dtype=np.uint16).reshape(32, 32) * 64)),
    "transparent": encoded(SIGN.convert("RGBA")),
}


@pytest.mark.parametrize("file", GOOD_PICTURES.values(), ids=GOOD_PICTURES.keys())
def test_every_kind_of_png_and_jpeg_is_read(server: Process, served: Any, file: bytes) -> None:
    made = server.predict(images(file), "predict_images")
    assert made.status_code == 200, made.text
    oracle = served.signatures["predict_images"](image_bytes=tf.constant([file]))["probabilities"].numpy()
    np.testing.assert_allclose([made.json()["predictions"][0]["probabilities"]], oracle, atol=1e-5)


BAD_PICTURES = {
    "truncated jpeg": (encoded(BIG, "JPEG")[:-200], ""),
    "truncated png": (encoded(SIGN)[:100], ""),
    "gif": (encoded(SIGN, "GIF"), "GIF"),
    "nothing": (b"", ""),
    "10,000 x 10,000": (encoded(Image.new("1", (10_000, 10_000))), "--max_picture_pixels"),
    "a lying header": (encoded(SIGN).replace(b"\0\0\0\x20\0\0\0\x20", b"\0\1\0\0\0\1\0\0"), "--max_picture_pixels"),
}


@pytest.mark.parametrize(("file", "why"), BAD_PICTURES.values(), ids=BAD_PICTURES.keys())
def test_a_bad_picture_is_refused_and_spoils_nothing(server: Process, file: bytes, why: str) -> None:
    start = time.monotonic()
    made = server.predict(images(GOOD_PICTURES["png"], file), "predict_images")
    assert made.status_code == 400 and why in made.json()["error"], made.text
    assert time.monotonic() - start < 5
    assert server.predict(images(GOOD_PICTURES["png"]), "predict_images").status_code == 200


REFUSED = {
    "shape": {"inputs": {"x": [[1.0]], "keep_prob": 1, "keep_prob_conv": 1}},
    "keep 0": {"inputs": {"x": X.tolist(), "keep_prob": 0, "keep_prob_conv": 1}},
    "keep NaN": {"inputs": {"x": X.tolist(), "keep_prob": float("nan"), "keep_prob_conv": 1}},
    "two keeps for three": {"inputs": {"x": X.tolist(), "keep_prob": [1, 1], "keep_prob_conv": 1}},
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_what_the_model_refuses_is_the_clients_fault(server: Process, body: Any) -> None:
    made = server.predict(body)
    assert made.status_code == 400 and made.json()["error"]


def test_no_picture_signature_fails_on_pixels(server: Process) -> None:
    for shape in [(1, 1, 1, 3), (2, 40, 30, 3), (1, 5, 0, 3), (0, 32, 32, 3), (1, 32, 32, 1), (32, 32, 3)]:
        made = server.predict({"inputs": {"images": np.zeros(shape, int).tolist()}}, "predict_pixels")
        assert made.status_code in (200, 400), made.text


def test_the_index_has_lines_that_work(server: Process) -> None:
    page = requests.get(f"http://{server.rest}/", timeout=10).text
    lines = re.findall(rf"curl http://{server.rest}(\S+) -d &#x27;(.*?)&#x27;</code>", page)
    assert len(lines) == 3
    for path, body in lines:
        made = requests.post(f"http://{server.rest}{path}", body.replace("&quot;", '"'), timeout=60)
        assert made.status_code == 200, made.text


def test_a_large_body_does_not_stop_the_others(server: Process) -> None:
    """4 MB of numbers are read beside small requests, none of which waits for all of them."""
    large = json.dumps({"inputs": {"x": [0.123456] * 500_000, "keep_prob": 1, "keep_prob_conv": 1}})
    done: list[int] = []
    url = f"http://{server.rest}/v1/models/{MODEL}:predict"
    thread = threading.Thread(target=lambda: done.append(requests.post(url, large, timeout=60).status_code))
    thread.start()
    with requests.Session() as session:
        while thread.is_alive():
            assert session.get(f"http://{server.rest}/v1/models/{MODEL}", timeout=10).status_code == 200
    assert done == [400]


def test_sigterm_answers_every_request(base: Path) -> None:
    """Clients that stop at the word `close` have an answer to each request, and the exit is in time and 0."""
    body = json.dumps({"inputs": {"x": X.tolist(), "keep_prob": 1, "keep_prob_conv": 1}}).encode()
    sent = post(body, f"/v1/models/{MODEL}:predict")
    failures: list[BaseException] = []
    answered: list[int] = []

    def client(address: tuple[str, int]) -> None:
        try:
            with socket.create_connection(address, timeout=30) as line, line.makefile("rb") as stream:
                while True:
                    line.sendall(sent)
                    reply = read_reply(stream)
                    answered.append(reply.status)
                    if "connection" in reply.headers:
                        return
        except BaseException as error:
            failures.append(error)

    with serving(base, "--shutdown_grace_seconds=10") as server:
        host, port = server.rest.split(":")
        threads = [threading.Thread(target=client, args=((host, int(port)),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 60
        while len(answered) <= len(threads) and time.monotonic() < end:
            time.sleep(0.1)
        start = time.monotonic()
        assert server.end() == 0
        assert time.monotonic() - start < 10
        for thread in threads:
            thread.join(10)
    assert not failures and len(answered) > len(threads) and set(answered) == {200}


def test_a_folder_that_vanishes_leaves_the_model_serving(base: Path, tmp_path: Path) -> None:
    copy = tmp_path / "models"
    shutil.copytree(base, copy)
    with serving(
        copy, "--file_system_poll_wait_seconds=0.1", "--port=0", "--enable_batching=false", "--port=auto"
    ) as server:
        shutil.rmtree(copy)
        time.sleep(0.5)
        assert server.predict(images(GOOD_PICTURES["png"]), "predict_images").status_code == 200
        (copy / "x").mkdir(parents=True)
        end = time.monotonic() + 20
        while server.predict(images(GOOD_PICTURES["png"]), "predict_images").status_code != 404:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert requests.get(f"http://{server.rest}/readyz", timeout=10).status_code == 503
        log = tmp_path / "models.log"
        line = r"^\d+-\d+-\d+ \S+ roadsigns serve: Version 1 of roadsigns_model"
        while not re.search(f"{line} is unloaded$", log.read_text(), re.M):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert re.search(rf"{line} serves, loaded in \d+\.\d s$", log.read_text(), re.M)


def test_tensorflow_is_not_loaded_to_check_flags_or_to_read_bodies() -> None:
    program = (
        "import sys, roadsigns.serving.server, roadsigns.serving.protocol.predict_request, roadsigns.serving.workers\n"
    )
    program += "assert not {'tensorflow', 'keras', 'grpc'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, env=ENVIRON, timeout=60)


def test_work_that_nobody_waits_for_does_not_outlast_the_grace(base: Path) -> None:
    """A model that does not come to its end, as with a queue of callers that have gone."""
    program = "import sys, time; from roadsigns.serving import __main__; from roadsigns.serving.models import manager\n"
    program += "manager.Manager.close = lambda self: time.sleep(60)\n__main__.main(sys.argv[1:])"
    flags = [f"--model_base_path={base}", "--port=0", "--rest_api_port=auto", "--shutdown_grace_seconds=1"]
    process = subprocess.Popen([sys.executable, "-c", program, *flags], stdout=subprocess.PIPE, text=True, env=ENVIRON)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("REST on ")
        start = time.monotonic()
        process.terminate()
        assert process.wait(30) == 0
        assert time.monotonic() - start < 5
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def fails(*flags: str) -> str:
    done = subprocess.run(command(*flags), capture_output=True, text=True, env=ENVIRON, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("roadsigns serve: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_flags_that_change_nothing_are_told(server: Process, base: Path) -> None:
    told = (base.parent / f"{base.name}.log").read_text()
    for flag in PRODUCTION[:5]:
        assert f"roadsigns serve: {flag.split('=')[0]} has no effect here: " in told
    assert "--tensorflow_session_parallelism" not in told


def test_the_versions() -> None:
    done = subprocess.run(command("--version"), capture_output=True, text=True, env=ENVIRON, timeout=60)
    assert done.stdout == f"roadsigns: {roadsigns.__version__}\nTensorFlow Library: {tf.__version__}\n"


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--ssl_config_file=/no", "Cannot use '/no'"),
        ("--grpc_channel_arguments=grpc", "expected name=value, more of them after commas. Received: 'grpc'"),
        ("--saved_model_tags=gpu", "--saved_model_tags cannot be followed"),
        ("--model_base_path=gs://bucket/model", "is not on this machine"),
    ],
)
def test_what_cannot_be_followed_is_told(base: Path, flag: str, message: str) -> None:
    assert message in fails(f"--model_base_path={base}", flag)


def test_a_missing_folder_is_told_with_the_way_out(tmp_path: Path) -> None:
    error = fails(f"--model_base_path={tmp_path / 'no'}")
    assert f"{str(tmp_path / 'no')!r} is not a folder. Export your model into it with: roadsigns export" in error


def test_a_port_that_is_taken_is_told(base: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for flag in ("port", "rest_api_port"):
            error = fails(f"--model_base_path={base}", f"--{flag}={port}")
            assert f"'127.0.0.1:{port}': Address already in use. Choose another port or host" in error


def test_a_version_given_for_the_folder_of_versions_is_told(base: Path) -> None:
    assert f"Serve it with: roadsigns serve --model_base_path {base}" in fails(f"--model_base_path={base / '1'}")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--port=0", "--rest_api_port=0"], "Both ports are 0"),
        (["--monitoring_config_file=/no"], "Cannot use '/no'"),
        (["--batching_parameters_file=/no"], "'/no'"),
        (["--model_config_file=/no"], "'/no'"),
        (["--enable_batching=maybe"], "Invalid value for --enable_batching: expected true or false"),
        (["--host=no.such.host.invalid"], "no.such.host.invalid"),
    ],
)
def test_mistakes_are_told_before_anything_is_loaded(base: Path, flags: list[str], message: str) -> None:
    start = time.monotonic()
    assert message in fails(f"--model_base_path={base}", *flags)
    assert time.monotonic() - start < 30


def test_a_model_that_cannot_be_loaded_ends_the_server(tmp_path: Path) -> None:
    (tmp_path / "models" / "1").mkdir(parents=True)
    done = subprocess.run(
        command(f"--model_base_path={tmp_path / 'models'}"), capture_output=True, text=True, env=ENVIRON, timeout=100
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"No version of '{MODEL}' in " in done.stderr and "saved_model.pb" in done.stderr


def test_an_empty_folder_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    process = subprocess.Popen(
        command(f"--model_base_path={tmp_path / 'models'}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRON,
    )
    assert process.stdout is not None and process.stderr is not None
    line = process.stderr.readline()
    assert "waiting for a version in" in line and "roadsigns export --output" in line
    process.terminate()
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
