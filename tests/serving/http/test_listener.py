"""A port: files that run out, and connections that cannot be ended."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import json
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fronts import LIMITS, Front, post, read_reply, running
from roadsigns.serving.http import listener

TESTS = Path(__file__).parent.parent.parent

# A front whose process may have so many files, some of which are taken; it prints its port and ends with its input.
PROGRAM = """
import dataclasses, os, resource, sys
import fronts
files, taken, connections = map(int, sys.argv[1:])
soft = min(files, 100)
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, files))
with fronts.running(limits=dataclasses.replace(fronts.LIMITS, connections=connections)) as front:
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(taken)]
    print(front.address[1], front.listener.port.limits.connections, flush=True)
    sys.stdin.read()
"""


def assert_served(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line, line.makefile("rb") as stream:
        line.sendall(post(b'{"instances": [1]}'))
        assert json.loads(read_reply(stream).body) == {"predictions": [2.0]}


@pytest.mark.parametrize(("files", "taken", "fits"), [(200, 0, 72), (200, 110, 72), (2500, 0, 1875)])
def test_where_files_are_few_the_others_are_served(tmp_path: Path, files: int, taken: int, fits: int) -> None:
    """Idle clients, more than there are files for: the longest idle go."""
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(files), str(taken), "4000"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={"PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
        )
    assert process.stdin and process.stdout
    try:
        port, connections = map(int, process.stdout.readline().split())
        assert connections == fits
        with contextlib.ExitStack() as lines:
            for _ in range(300):
                lines.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            start = time.process_time()
            time.sleep(2)
            for _ in range(5):
                assert_served(port)
            assert time.process_time() - start < 1
        said = (tmp_path / "log").read_text()
        assert len(said) < 500 and "Traceback" not in said, said
        assert ("No more files can be opened" in said) is bool(taken)
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def test_of_two_that_are_bound_to_one_port_the_second_is_told_why_it_cannot_listen() -> None:
    """Two servers that start together: the system lets both bind, as long as neither listens."""

    nobody: Any = None  # no request comes

    async def run() -> None:
        with listener.bind("127.0.0.1", 0) as one:
            port = one.getsockname()[1]
            other = listener.bind("127.0.0.1", port)
            first, second = (listener.Listener(nobody, LIMITS) for _ in range(2))
            await first.open(one)
            with pytest.raises(OSError, match="Choose another port or host, or end what listens there") as caught:
                await second.open(other)
            await first.close(0)
            other.close()
            assert (caught.value.errno, caught.value.filename) == (errno.EADDRINUSE, f"127.0.0.1:{port}")

    asyncio.run(run())


def test_the_soft_limit_is_raised() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        assert listener.fit_connections(100) == 100
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1124, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(("soft", "fits"), [(64, 21), (200, 72), (1024, 768), (8192, 4096)])
def test_a_part_of_the_files_is_left_to_others(monkeypatch: pytest.MonkeyPatch, soft: int, fits: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    assert listener.fit_connections(4096) == fits


def test_a_connection_that_cannot_be_ended_leaves_the_others_their_time_limits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        deadline = 0.0
        answering = True
        idle = False
        aborted = 0

        def expire(self) -> None:
            raise OSError("no")

        def abort(self) -> None:
            self.aborted += 1
            front.listener.port.connections.discard(self)  # type: ignore[arg-type]

        def cut(self) -> None:
            raise AssertionError("it is gone")

    def told(front: Front) -> bytes:
        with front.connect() as line, line.makefile("rb") as stream:
            line.sendall(b"G")
            return read_reply(stream).body

    with running(limits=dataclasses.replace(LIMITS, read_seconds=0.3)) as front:
        broken = Broken()
        front.loop.call_soon_threadsafe(front.listener.port.connections.add, broken)
        assert b"did not arrive" in told(front)
        assert broken.aborted == 1 and "cannot be ended" in caplog.text
