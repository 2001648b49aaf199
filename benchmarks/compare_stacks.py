"""Would uvicorn, with aiohttp or httpx before the model server, answer as fast as the HTTP server of this package?

    python benchmarks/compare_stacks.py MODELS

The REST API: `roadsigns serve` on both, single pictures as numbers and as base64 of a PNG. The app's proxy: one model
server and three proxies before it. 1, 8 and 32 clients; in turns of SECONDS, the order turned each time, ROUNDS times
after one to warm up. One ratio a round, and what each request
took of the processor. Written to `results/stacks.json`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from compare_proxy import processor_seconds
from compare_servers import PICTURE, free_port, png
from load import load
from rows import compare as compared
from rows import described, write
from server import CALL, body, pictures
from stopwatch import spread

CLIENTS = (1, 8, 32)
ROUNDS = 9
SECONDS = 0.6
HERE = Path(__file__).resolve().parent
BODIES = {
    "32x32x1 numbers as JSON": body(pictures(1)),
    f"{len(PICTURE)}x{len(PICTURE)} PNG as base64": json.dumps(
        {"signature_name": "predict_images", "instances": [{"b64": png()}]}
    ).encode(),
}
OURS, PROXY = "the REST API on the package's own HTTP server", "the app's proxy on the package's own HTTP server"


@contextlib.contextmanager
def running(command: list[str], port: int, **environ: str):
    """A server, from when its port is open; its URL."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environ}
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, env=environment)
    try:
        end = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{command} does not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}{CALL}", process.pid
    finally:
        process.terminate()
        process.wait(30)


def answer(url: str, content: bytes) -> bytes:
    with urllib.request.urlopen(url, content, timeout=60) as reply:
        return reply.read()


def compare(servers: dict[str, tuple[str, int]], subject: str, clients: int, request: str) -> list[dict]:
    """One comparison for each rival."""
    content = BODIES[request]
    if len({answer(url, content) for url, _ in servers.values()}) != 1:
        raise SystemExit("The servers differ in bytes")
    rates: dict[str, list[float]] = {title: [] for title in servers}
    costs: dict[str, list[float]] = {title: [] for title in servers}
    for number in range(ROUNDS + 1):
        turn = number % len(servers)
        titles = list(servers)
        for title in titles[turn:] + titles[:turn]:
            url, process = servers[title]
            before = processor_seconds(process)
            done = load(url, content, clients, SECONDS)
            costs[title].append((processor_seconds(process) - before) / done["requests"] * 1e3)
            if done["failures"]:
                raise SystemExit(f"{title} failed")
            rates[title].append(done["per_second"])
    facts = {"request": request, "clients": clients, "unit": "requests per second"}
    made = []
    for rival in servers:
        if rival == subject:
            continue
        made.append(
            {
                **compared(rates[subject][1:], rates[rival][1:], subject, rival, **facts),
                "subject_processor_ms": spread(costs[subject][1:]),
                "rival_processor_ms": spread(costs[rival][1:]),
            }
        )
        ratio, own, other = (made[-1][key]["median"] for key in ("ratio", "subject_processor_ms", "rival_processor_ms"))
        print(f"{rival:<22}{request:<26}{clients:>3} clients: ratio {ratio:.2f}, processor {own:.3f} : {other:.3f} ms")
    return made


def main(base: Path) -> None:
    flags = [f"--model_base_path={base}", "--port=0"]
    made = []
    with contextlib.ExitStack() as stack:
        port = free_port()
        direct = stack.enter_context(running(["-m", "roadsigns.serving", *flags, f"--rest_api_port={port}"], port))
        other = free_port()
        rest = [str(HERE / "rivals" / "uvicorn_rest.py"), *flags, f"--rest_api_port={other}"]
        with running(rest, other) as theirs:
            for request, clients in itertools.product(BODIES, CLIENTS):
                made += compare({OURS: direct, "the same on uvicorn": theirs}, OURS, clients, request)
        address, proxies = f"127.0.0.1:{port}", {}
        for title, client in {PROXY: None, "uvicorn and aiohttp": "aiohttp", "uvicorn and httpx": "httpx"}.items():
            own = free_port()
            command = ["-m", "roadsigns.app", "--port", str(own)]
            if client is not None:
                command = [str(HERE / "rivals" / "uvicorn_proxy.py"), client, str(own), address]
            proxies[title] = stack.enter_context(running(command, own, TENSORFLOW_HOST=address))
        for clients in CLIENTS:
            made += compare(proxies, PROXY, clients, next(iter(BODIES)))
    common = described("stacks", "compare_stacks.py MODELS")
    write("stacks", [{**common, **each} for each in made])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
