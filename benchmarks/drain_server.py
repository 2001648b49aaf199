"""Does SIGTERM under load leave a request without its answer, and how long does the server take to go?

    python benchmarks/drain_server.py MODELS

CLIENTS clients keep a server busy; SIGTERM comes after a second, in ROUNDS rounds. A client stops when an answer says
that the connection closes. Every request that was sent must have its answer in full, every answer must be right, and
the exit status must be 0. Written to `results/drain.json`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
from load import Client, post
from rows import described, write
from server import STOP_SECONDS, TOLERANCE, Server, body, pictures
from stopwatch import spread

ROUNDS = 8
CLIENTS = 32
GRACE = 10


class Visitor(threading.Thread):
    """Sends one request after the other until the server hangs up."""

    def __init__(self, server: Server, request: bytes, wanted: np.ndarray):
        super().__init__()
        host, port = server.rest.split(":")
        self.client = Client((host, int(port)), request)
        self.wanted = wanted
        self.sent = self.answered = self.wrong = 0

    def run(self):
        closes = False
        while not closes:
            try:
                self.client.send()
                self.sent += 1
                while (status := self.client.receive()) is None:
                    pass
            except OSError:
                return
            self.answered += 1
            head, _, content = self.client.received.partition(b"\r\n\r\n")
            made = np.array(json.loads(content).get("outputs", []))
            self.wrong += status != 200 or not np.allclose(made, self.wanted, atol=TOLERANCE)
            closes = b"connection: close" in head.lower()


def drain(base: Path) -> dict:
    """One round."""
    server = Server(base, f"--shutdown_grace_seconds={GRACE}")
    try:
        content = body(pictures(1))
        wanted = server.answer(content)
        visitors = [Visitor(server, post(server.url, content), wanted) for _ in range(CLIENTS)]
        for visitor in visitors:
            visitor.start()
        time.sleep(1)
        start = time.perf_counter()
        server.process.terminate()
        status = server.process.wait(STOP_SECONDS)
        took = time.perf_counter() - start
        for visitor in visitors:
            visitor.join(STOP_SECONDS)
    finally:
        server.close()
    sent, answered, wrong = (sum(getattr(each, key) for each in visitors) for key in ("sent", "answered", "wrong"))
    return {"sent": sent, "answered": answered, "wrong": wrong, "exit_status": status, "seconds": took}


def main(base: Path) -> None:
    rounds = [drain(base) for _ in range(ROUNDS)]
    result = {
        **described("drain", "drain_server.py MODELS"),
        "clients": CLIENTS,
        "rounds": ROUNDS,
        "grace_seconds": GRACE,
        "requests": sum(each["sent"] for each in rounds),
        "unanswered": sum(each["sent"] - each["answered"] for each in rounds),
        "wrong": sum(each["wrong"] for each in rounds),
        "exit_statuses": sorted({each["exit_status"] for each in rounds}),
        "seconds_to_exit": spread([each["seconds"] for each in rounds]),
    }
    write("drain", result)
    print({key: result[key] for key in ("requests", "unanswered", "wrong", "exit_statuses", "seconds_to_exit")})
    if result["unanswered"] or result["wrong"] or result["exit_statuses"] != [0]:
        raise SystemExit("Not every request was answered")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
