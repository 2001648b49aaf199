"""A model server to measure, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np

from roadsigns.serving.engines import saved_model

NAME = "roadsigns_model"
CALL = f"/v1/models/{NAME}:predict"
TOLERANCE = 1e-5
STOP_SECONDS = 30
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"  # whatever proxy the surroundings name


def shape(version: Path) -> tuple[int, ...]:
    """Of one picture, as `serving_default` of an exported version takes it."""
    return saved_model.signatures(saved_model.read_graph(version))["serving_default"].inputs["x"].shape[1:]


def pictures(count: int, shape: tuple[int, ...] = (32, 32, 1)) -> np.ndarray:
    """Noise, with the four decimals that a client would send."""
    return np.random.default_rng(0).random((count, *shape)).round(4).astype(np.float32)


def body(x: np.ndarray) -> bytes:
    inputs = {"x": x.astype(float).round(4).tolist(), "keep_prob": 1, "keep_prob_conv": 1}
    return json.dumps({"inputs": inputs}, separators=(",", ":")).encode()


class Server:
    """`roadsigns serve` on free ports of the loopback, ready when this is made."""

    def __init__(self, base, *flags: str):
        command = [sys.executable, "-m", "roadsigns.serving", f"--model_base_path={base}"]
        command += ["--port=auto", "--rest_api_port=auto", *flags]
        environ = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environ, text=True)
        self.grpc = self._address("gRPC on ")
        self.rest = self._address("REST on http://")

    def _address(self, before: str) -> str:
        line = self.process.stdout.readline()
        if not line.startswith(before):
            raise SystemExit(f"The server does not start: {line!r}")
        return re.match(r"[\d.]+:\d+", line.removeprefix(before))[0]

    @property
    def url(self) -> str:
        return f"http://{self.rest}{CALL}"

    def answer(self, content: bytes) -> np.ndarray:
        with urllib.request.urlopen(urllib.request.Request(self.url, content), timeout=60) as answer:
            return np.array(json.load(answer)["outputs"])

    def resident_mib(self) -> float:
        """What the server's own process has in memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def close(self) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.process.kill()
        self.process.wait()


def right(made: np.ndarray, wanted: np.ndarray) -> None:
    if made.shape != wanted.shape or not np.allclose(made, wanted, atol=TOLERANCE):
        raise SystemExit("The server gives another answer than the model")
