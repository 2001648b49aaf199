"""How much of the model server's speed is lost through the app? Written to `results/proxy.json`.

    python benchmarks/compare_proxy.py

The embedded model server on the shipped weights, and the app before it, each a process of its own, on loopback. CLIENTS
clients, each on its own connection, ask for one picture at a time without a pause, in turns of SECONDS: directly, then
through the app. Both ways must give the same bytes for PICTURES pictures. A good ratio is 0.85 or more.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
from load import load
from rows import compare, described, write

from roadsigns.app import own_server

CLIENTS = 32
ROUNDS = 25
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"  # whatever proxy the surroundings name
SECONDS = 1.5
PICTURES = 16
PATH = "/v1/models/roadsigns_model:predict"


def body(seed: int) -> bytes:
    """The page's request for one picture."""
    x = (np.random.default_rng(seed).integers(0, 256, (32, 32, 1)) / 255).astype(np.float32)
    image = [[[float(str(value))] for value in row[:, 0]] for row in x]
    return json.dumps({"inputs": {"keep_prob": [1], "keep_prob_conv": [1], "x": [image]}}).encode()


def answer(url: str, seed: int) -> bytes:
    with urllib.request.urlopen(url, body(seed), timeout=30) as response:
        return response.read()


def processor_seconds(process: int) -> float:
    """What a process has used of the processor so far, its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(direct: str, proxied: str) -> list[tuple[float, float]]:
    if any(answer(direct, seed) != answer(proxied, seed) for seed in range(PICTURES)):
        raise SystemExit("the two ways differ in bytes")
    rounds = []
    for _ in range(ROUNDS + 1):
        ways = [load(url, body(0), CLIENTS, SECONDS) for url in (direct, proxied)]
        if any(way["failures"] for way in ways):
            raise SystemExit("an answer is missing")
        rounds.append(tuple(way["per_second"] for way in ways))
        print("{:.0f} directly, {:.0f} through the app".format(*rounds[-1]), file=sys.stderr)
    return rounds[1:]  # the first one warms up


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as empty,
        contextlib.chdir(empty),  # where no model of our own is preferred to the shipped weights
        own_server.model_server(lambda text: print(text, file=sys.stderr)) as address,
    ):
        app = subprocess.Popen(
            [sys.executable, "-m", "roadsigns.app", "--port", "0"],
            env={**os.environ, "TENSORFLOW_HOST": address},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            proxied = app.stderr.readline().split("/ ")[0]
            rounds = measure(f"http://{address}{PATH}", proxied + PATH)
            used = processor_seconds(app.pid)
        finally:
            app.terminate()
            app.wait()
    directly, through = zip(*rounds, strict=True)
    requests = SECONDS * sum(through) * (ROUNDS + 1) / ROUNDS
    titles = (
        f"the embedded model server through the app, {CLIENTS} clients, one picture a request",
        "the same model server, asked directly",
    )
    result = {
        **described("proxy", "compare_proxy.py"),
        **compare(through, directly, *titles, unit="requests per second"),
        "app_processor_ms": round(1e3 * used / requests, 3),
    }
    write("proxy", result)
    print(result["ratio"], result["app_processor_ms"], "ms of the processor for each request")


if __name__ == "__main__":
    main()
