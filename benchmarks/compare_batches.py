"""How much of the engine's own speed is left for a client that sends many pictures in one request?

    python benchmarks/compare_batches.py MODELS

512 pictures as numbers, in one columnar JSON request and in one gRPC request to `roadsigns serve`, against the same
pictures in this process: `Servable.run`, and the exported signature as TensorFlow's guide calls it. In turn, ROUNDS
times after one to warm up; a round gives one ratio, of pictures a second, and a good one is 0.8 or more. Written to
`results/batches.json`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import grpc
import numpy as np
from load import Client, post
from rows import compare, described, write
from server import NAME, Server, body, pictures, right
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from roadsigns import backend
from roadsigns.serving.models.servable import Servable

COUNT = 512
ROUNDS = 9


def rest_call(server: Server, x: np.ndarray):
    host, port = server.rest.split(":")
    client = Client((host, int(port)), post(server.url, body(x)))

    def call():
        client.send()
        while (status := client.receive()) is None:
            pass
        if status != 200:
            raise SystemExit(f"The server answers with status {status}")
        return client.received

    return call


def grpc_call(tf, server: Server, x: np.ndarray):
    channel = grpc.insecure_channel(server.grpc, [("grpc.max_receive_message_length", -1)])
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    request = predict_pb2.PredictRequest()
    request.model_spec.name = NAME
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(x))
    for name in ("keep_prob", "keep_prob_conv"):
        request.inputs[name].CopyFrom(tf.make_tensor_proto(np.ones(1, np.float32)))
    return lambda: stub.Predict(request, timeout=60)


def read_rest(received: bytes) -> np.ndarray:
    return np.array(json.loads(received.partition(b"\r\n\r\n")[2])["outputs"])


def contenders(tf, server: Server, version: Path, x: np.ndarray) -> dict:
    """By name, a call and what makes its answer an array."""
    one = np.ones(1, np.float32)
    # In this order: the first session of a process says how many threads an operation has in all others.
    signature = tf.saved_model.load(str(version)).signatures["serving_default"]
    servable = Servable(NAME, 1, version)
    feed = {"x": x, "keep_prob": one, "keep_prob_conv": one}
    ones = tf.constant(one)
    return {
        "JSON": (rest_call(server, x), read_rest),
        "gRPC": (grpc_call(tf, server, x), lambda answer: tf.make_ndarray(answer.outputs["y"])),
        "Servable.run": (lambda: servable.run("", feed)["y"], np.asarray),
        "signature": (
            lambda: signature(x=tf.constant(x), keep_prob=ones, keep_prob_conv=ones)["y"].numpy(),
            np.asarray,
        ),
    }


def main(base: Path) -> None:
    tf = backend.require_tensorflow("This benchmark")
    x = pictures(COUNT)
    server = Server(base)
    try:
        calls = contenders(tf, server, max(base.iterdir(), key=lambda path: int(path.name)), x)
        wanted = calls["signature"][0]()
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for number in range(ROUNDS + 1):
            for name, (call, read) in list(calls.items())[:: 1 if number % 2 else -1]:
                start = time.perf_counter()
                answer = call()
                taken[name].append(time.perf_counter() - start)
                right(read(answer), wanted)
    finally:
        server.close()
    rates = {name: [COUNT / each for each in times[1:]] for name, times in taken.items()}
    results = []
    for subject in ("JSON", "gRPC"):
        for rival in ("Servable.run", "signature"):
            titles = f"{COUNT} pictures in one {subject} request", f"{rival} in process"
            results.append(
                {
                    **described(f"batches {subject}", "compare_batches.py MODELS"),
                    **compare(rates[subject], rates[rival], *titles),
                }
            )
            ratio = results[-1]["ratio"]
            print(
                f"{subject:5} {COUNT / results[-1]['subject_value']['median'] * 1e3:7.1f} ms   {rival:13} "
                f"{COUNT / results[-1]['rival_value']['median'] * 1e3:7.1f} ms   "
                f"{ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})"
            )
    write("batches", results)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
