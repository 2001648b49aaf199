"""Does the server fail, mix versions or grow, when a new version comes every five seconds under load?

    python benchmarks/soak_server.py [REQUESTS]

The versions are two networks in turn: the shipped weights (odd numbers) and the same network with its weights shuffled
(even ones). CLIENTS clients send REST requests, each always the same, one of them with four pictures; every answer must
be that of one network, in all its rows. Beside them one client asks by gRPC, and the version that it is told must be
the one whose answer it got. A version's folder is deleted when the next but one has come. Memory is the server's own,
after the first 10,000 requests and at the end: within 10 %. Written to `results/soak.json`.
"""

from __future__ import annotations

import gc
import itertools
import json
import selectors
import shutil
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import grpc
import numpy as np
from load import Client, post
from rows import described, write
from server import NAME, TOLERANCE, Server, body, pictures
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from roadsigns import backend

MOST = 1_000_000
CLIENTS = 8
EVERY_SECONDS = 5
FIRST = 10_000


def networks(folder: Path) -> tuple[Path, Path]:
    """The two networks, exported."""
    from roadsigns import keras_file, models
    from roadsigns.export import export

    model = keras_file.load(models.shipped("notebook"))
    odd = export(model, folder, 1)
    model.set_weights([np.roll(each, 1, axis=-1) if each.ndim else each for each in model.get_weights()])
    return odd, export(model, folder, 2)


class Versions(threading.Thread):
    """Puts one version after the other into the server's folder."""

    def __init__(self, base: Path, sources: tuple[Path, Path]):
        super().__init__()
        self.base, self.sources, self.ended = base, sources, threading.Event()

    def run(self):
        for number in itertools.count(2):
            if self.ended.wait(EVERY_SECONDS):
                return
            put(self.base, number, self.sources[1 - number % 2])
            if number > 2:
                shutil.rmtree(self.base / str(number - 2))


def put(base: Path, number: int, source: Path) -> None:
    """A version as an exporter writes it: beside its place first."""
    copied = shutil.copytree(source, base / f".{number}")
    copied.rename(base / str(number))


class Asker(threading.Thread):
    """Asks by gRPC what version answers."""

    def __init__(self, server: Server, tf, x: np.ndarray, wanted):
        super().__init__()
        self.stub = prediction_service_pb2_grpc.PredictionServiceStub(grpc.insecure_channel(server.grpc))
        self.request = predict_pb2.PredictRequest()
        self.request.model_spec.name = NAME
        self.request.inputs["x"].CopyFrom(tf.make_tensor_proto(x))
        for name in ("keep_prob", "keep_prob_conv"):
            self.request.inputs[name].CopyFrom(tf.make_tensor_proto(np.ones(1, np.float32)))
        self.tf, self.wanted, self.ended = tf, wanted, threading.Event()
        self.asked = self.failed = self.wrong = 0

    def run(self):
        while not self.ended.wait(0.05):
            self.asked += 1
            try:
                answer = self.stub.Predict(self.request, timeout=30)
            except grpc.RpcError:
                self.failed += 1
                continue
            wanted = self.wanted[1 - answer.model_spec.version.value % 2]
            self.wrong += not np.allclose(self.tf.make_ndarray(answer.outputs["y"]), wanted, atol=TOLERANCE)


class Soak:
    """The clients, in one thread.

    Args:
        count: requests to send.
        wanted: the answers of both networks to four pictures.
    """

    def __init__(self, server: Server, x: np.ndarray, wanted, count: int):
        self.server, self.wanted, self.count = server, wanted, count
        self.failed = self.mixed = 0
        self.seen: dict[bytes, int | None] = {}
        self.by_network = [0, 0]
        self.memory: dict[int, float] = {}
        host, port = server.rest.split(":")
        one, four = post(server.url, body(x[:1])), post(server.url, body(x))
        self.clients = [Client((host, int(port)), four if not index else one) for index in range(CLIENTS)]

    def run(self) -> float:
        """Seconds it took."""
        start = time.perf_counter()
        sent = answered = 0
        with selectors.DefaultSelector() as selector:
            for client in self.clients:
                selector.register(client.line, selectors.EVENT_READ, client)
                client.send()
                sent += 1
            while answered < self.count:
                for key, _ in selector.select(30):
                    status = key.data.receive()
                    if status is None:
                        continue
                    answered += 1
                    self._check(status, key.data.received)
                    if answered % FIRST == 0:
                        self.memory[answered] = self.server.resident_mib()
                    if sent < self.count:
                        key.data.send()
                        sent += 1
        return time.perf_counter() - start

    def _check(self, status: int, received: bytes) -> None:
        if status != 200:
            self.failed += 1
            return
        content = received.partition(b"\r\n\r\n")[2]
        if content not in self.seen:
            self.seen[content] = self._network(np.array(json.loads(content)["outputs"]))
        network = self.seen[content]
        if network is None:
            self.mixed += 1
        else:
            self.by_network[network] += 1

    def _network(self, made: np.ndarray) -> int | None:
        """Which of the two answers it is."""
        for network, wanted in enumerate(self.wanted):
            if np.allclose(made, wanted[: len(made)], atol=TOLERANCE):
                return network
        return None


def answers(tf, sources, x):
    ones = tf.ones(1)
    for source in sources:
        signature = tf.saved_model.load(str(source)).signatures["serving_default"]
        yield signature(x=tf.constant(x), keep_prob=ones, keep_prob_conv=ones)["y"].numpy()


def served_version(server: Server) -> int:
    with urllib.request.urlopen(f"http://{server.rest}/v1/models/{NAME}", timeout=30) as answer:
        states = json.load(answer)["model_version_status"]
    return max(int(each["version"]) for each in states if each["state"] == "AVAILABLE")


def main(count: int) -> None:
    backend.start()
    tf = backend.require_tensorflow("This benchmark")
    x = pictures(4)
    with tempfile.TemporaryDirectory() as scratch:
        sources = networks(Path(scratch) / "sources")
        wanted = list(answers(tf, sources, x))
        if np.allclose(*wanted, atol=0.1):
            raise SystemExit("The two networks answer alike: nothing could be told")
        base = Path(scratch) / "models"
        base.mkdir()
        put(base, 1, sources[0])
        gc.freeze()  # so that our own collector does not hold up the load
        server = Server(base)
        versions, asker = Versions(base, sources), Asker(server, tf, x, wanted)
        soak = Soak(server, x, wanted, count)
        try:
            versions.start()
            asker.start()
            took = soak.run()
        finally:
            for thread in (versions, asker):
                thread.ended.set()
                thread.join()
            reloads = served_version(server) - 1
            server.close()
    first, last = soak.memory[FIRST], soak.memory[max(soak.memory)]
    result = {
        **described("soak", f"soak_server.py {count}"),
        "clients": CLIENTS,
        "requests": count,
        "failed": soak.failed,
        "mixed": soak.mixed,
        "by_network": soak.by_network,
        "grpc_requests": asker.asked,
        "grpc_failed": asker.failed,
        "grpc_other_version": asker.wrong,
        "reloads": reloads,
        "requests_per_second": count / took,
        "resident_mib": soak.memory,
        "resident_ratio": last / first,
    }
    write("soak", result)
    print({key: value for key, value in result.items() if key not in ("machine", "versions")})
    if soak.failed or soak.mixed or asker.failed or asker.wrong:
        raise SystemExit("Not every request got the answer of one version")


if __name__ == "__main__":
    given = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    main(min(max(FIRST, given // FIRST * FIRST), MOST))
