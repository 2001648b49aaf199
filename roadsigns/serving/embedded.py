"""A model server as a child process, for programs that bring their own: the web app, the notebook, tests."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..errors import ModelError
from ..exported import MODEL_NAME

_START_SECONDS = 120.0
_STOP_SECONDS = 10.0
_LOOPBACK = "127.0.0.1"


@contextlib.contextmanager
def model_server(folder: Path) -> Iterator[str]:
    """Serve the newest version in `folder` on a free loopback port; yields the REST `host:port` once it answers.

    The server ends with the block, and with this process however that ends.

    Raises:
        ModelError: the server failed; says why.
    """
    port = _free_port()
    command = [sys.executable, "-m", "roadsigns.serving.child", "roadsigns.serving"]
    command += [f"--host={_LOOPBACK}", f"--rest_api_port={port}", "--port=0"]
    command += [f"--model_name={MODEL_NAME}", f"--model_base_path={folder.resolve()}"]
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        try:
            _wait_until_open(child, port, log)
            yield f"{_LOOPBACK}:{port}"
        finally:
            child.terminate()
            try:
                child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdin:
                child.stdin.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _wait_until_open(child: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
    """Return once `port` takes connections, which a model server does when its model is loaded."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if child.poll() is not None:
            log.seek(0)
            reason = _last_line(log.read().decode(errors="replace"))
            raise ModelError(f"The model server ended with status {child.returncode}: {reason}")
        with contextlib.suppress(OSError), socket.create_connection((_LOOPBACK, port), timeout=1):
            return
        time.sleep(0.1)
    raise ModelError(f"The model server did not open its port in {_START_SECONDS:g} s")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
