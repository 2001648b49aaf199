"""A REST front on a port of its own, with a manager behind it that needs no TensorFlow."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from roadsigns.serving.http.limits import Limits
from roadsigns.serving.http.listener import Listener
from roadsigns.serving.metrics import Metrics
from roadsigns.serving.protocol.refusals import no_status, servable_not_found, unknown_label
from roadsigns.serving.protocol.signature import Signature, TensorSpec
from roadsigns.serving.protocol.status import VersionStatus
from roadsigns.serving.rest import Rest

Arrays = dict[str, np.ndarray]

SIGNATURES = {
    "serving_default": Signature({"x": TensorSpec("DT_FLOAT", (-1,), "x:0")}, {"y": TensorSpec("DT_FLOAT", (-1,))}),
    "predict_images": Signature(
        {"image_bytes": TensorSpec("DT_STRING", (-1,))},
        {"sizes": TensorSpec("DT_INT64", (-1,)), "first_bytes": TensorSpec("DT_STRING", (-1,))},
    ),
    "two": Signature({"a": TensorSpec("DT_FLOAT"), "b": TensorSpec("DT_INT64", ())}, {"sum": TensorSpec("DT_DOUBLE")}),
    "classes": Signature(
        {"inputs": TensorSpec("DT_STRING", (-1,))},
        {"scores": TensorSpec("DT_FLOAT")},
        "tensorflow/serving/classify",
    ),
}


def answer(name: str, inputs: Mapping[str, np.ndarray]) -> Arrays:
    """What the fake model does: one more, the sizes of files, a sum."""
    if name == "predict_images":
        files = inputs["image_bytes"].tolist()
        first = np.array([file[:2] for file in files], np.object_)
        return {"first_bytes": first, "sizes": np.array([len(file) for file in files], np.int64)}
    if name == "two":
        return {"sum": np.asarray(inputs["a"] + inputs["b"], np.float64)}
    return {"y": inputs["x"] + 1}


@dataclass
class Model:
    """Stands in for a Servable."""

    model: str = "m"
    version: int = 3
    signatures: Mapping[str, Signature] = field(default_factory=lambda: SIGNATURES)
    answers: Callable[[str, Mapping[str, np.ndarray]], Arrays] = answer
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4))

    def submit(self, name: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] | None = None) -> Future[Any]:
        return self.pool.submit(self.answers, name, inputs)


@dataclass
class Models:
    """Stands in for a Manager."""

    served: dict[str, list[Model]]
    labels: dict[str, int] = field(default_factory=lambda: {"stable": 3})
    leased: int = 0
    lock: Any = field(default_factory=threading.Lock)
    reloaded: Any = None

    @contextlib.contextmanager
    def lease(self, model: str, version: int | None = None, label: str | None = None) -> Iterator[Model]:
        if label is not None and model in self.served:
            if label not in self.labels:
                raise unknown_label(label)
            version = self.labels[label]
        for each in self.served.get(model, ()):
            if version in (None, each.version):
                with self.lock:
                    self.leased += 1
                try:
                    yield each
                finally:
                    with self.lock:
                        self.leased -= 1
                return
        raise servable_not_found(model, version)

    def status(self, model: str, version: int | None = None) -> list[VersionStatus]:
        found = [each for each in self.served.get(model, ()) if version in (None, each.version)]
        if not found:
            raise no_status(model, version)
        return [VersionStatus(each.version, "AVAILABLE") for each in found]

    def models(self) -> dict[str, list[Model]]:
        return self.served

    def serves(self, model: str) -> bool:
        return model in self.served

    def ready(self) -> bool:
        return all(self.served.values())

    def reload(self, configs: Any) -> None:
        self.reloaded = configs


LIMITS = Limits(
    body_bytes=1_000_000,
    held_bytes=4_000_000,
    connections=2000,
    requests=64,
    read_seconds=20.0,
    idle_seconds=60.0,
    answer_seconds=20.0,
    body_hint=" (--max_request_bytes)",
)


@dataclass
class Front:
    """A running front.

    Attributes:
        address: of its port.
    """

    address: tuple[str, int]
    models: Models
    metrics: Metrics
    listener: Listener
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return f"http://{self.address[0]}:{self.address[1]}"

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=10)

    def close(self, grace: float) -> bool:
        """Stop it as SIGTERM does."""
        return asyncio.run_coroutine_threadsafe(self.listener.close(grace), self.loop).result()


@contextlib.contextmanager
def running(models: Models | None = None, limits: Limits = LIMITS, **options: Any) -> Iterator[Front]:
    """A front that runs in a thread."""
    models = models or Models({"m": [Model()]})
    options = {"max_pixels": 10_000, "metrics_path": "/metrics", **options}
    started: Future[Front] = Future()
    stop = asyncio.Event()

    async def run() -> None:
        metrics = Metrics()
        rest = Rest(models, metrics, limits, **options)  # type: ignore[arg-type]
        listener = Listener(rest, limits)
        bound = socket.create_server(("127.0.0.1", 0))
        await listener.open(bound)
        started.set_result(Front(bound.getsockname(), models, metrics, listener, asyncio.get_running_loop()))
        await stop.wait()
        await listener.close(0)
        rest.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    front = started.result(10)
    try:
        yield front
    finally:
        front.loop.call_soon_threadsafe(stop.set)
        thread.join(10)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


def read_reply(stream: Any, bodiless: bool = False) -> Reply:
    """One answer off a socket's file, read by a parser of our own."""
    version, status, _ = stream.readline().decode().split(" ", 2)
    assert version == "HTTP/1.1"
    headers = {}
    while (line := stream.readline().decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    body = b"" if bodiless else stream.read(int(headers.get("content-length", "0")))
    return Reply(int(status), headers, body)


def post(body: bytes, path: str = "/v1/models/m:predict", headers: str = "") -> bytes:
    """The bytes of a request."""
    return f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body
