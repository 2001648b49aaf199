"""How many requests a second does a server on this machine answer, and how long does one take?

    python benchmarks/load.py http://127.0.0.1:8501/v1/models/roadsigns_model:predict --body body.json --clients 8

A closed loop: each client has one connection and sends its next request when the answer is there. One thread, no
framework and the same bytes every time, so that the load takes little from the two cores it may share with the server.
It prints one JSON object. Only this machine may be loaded, and for a minute at most.
"""

from __future__ import annotations

import argparse
import json
import re
import selectors
import socket
import statistics
import time
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST_SECONDS = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Client:
    """One connection."""

    def __init__(self, address, request):
        self.line = socket.create_connection(address, timeout=30)
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request
        self.received = b""
        self.sent_at = 0.0

    def send(self):
        self.received = b""
        self.sent_at = time.perf_counter()
        self.line.sendall(self.request)

    def receive(self):
        """The answer's status once it is here in full, else None."""
        data = self.line.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = _LENGTH.search(self.received, 0, end + 2)
        if length is None:
            raise ConnectionError("the answer has no Content-Length")
        if len(self.received) < end + 4 + int(length[1]):
            return None
        return int(self.received[9:12])


def post(url: str, body: bytes, content_type: str = "application/json") -> bytes:
    """The bytes of a request."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def load(url: str, body: bytes, clients: int, seconds: float) -> dict:
    """Load `url` for a while.

    Returns:
        `requests`, `failures` (answers other than 200), `per_second`, `p50_ms` and `p99_ms`.
    """
    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK:
        raise SystemExit(f"{parts.hostname} is not this machine")
    with selectors.DefaultSelector() as selector:
        everyone = [Client((parts.hostname, parts.port), post(url, body)) for _ in range(clients)]
        for client in everyone:
            selector.register(client.line, selectors.EVENT_READ, client)
        start = time.perf_counter()
        end = start + min(seconds, MOST_SECONDS)
        for client in everyone:
            client.send()
        times, failures, waiting = [], 0, clients
        while waiting:
            for key, _ in selector.select(30) or [(None, None)]:
                if key is None:
                    raise TimeoutError("no answer for 30 seconds")
                status = key.data.receive()
                if status is None:
                    continue
                now = time.perf_counter()
                times.append(now - key.data.sent_at)
                failures += status != 200
                if now < end:
                    key.data.send()
                else:
                    waiting -= 1
        took = time.perf_counter() - start
        for client in everyone:
            client.line.close()
    return {
        "requests": len(times),
        "failures": failures,
        "per_second": len(times) / took,
        "p50_ms": statistics.median(times) * 1e3,
        "p99_ms": sorted(times)[int(len(times) * 0.99)] * 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--body", type=Path, required=True, help="file with the request's body")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    print(json.dumps(load(given.url, given.body.read_bytes(), given.clients, given.seconds)))


if __name__ == "__main__":
    main()
