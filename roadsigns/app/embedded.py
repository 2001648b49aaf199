"""A model server beside the app, for where no other is named: one command shows the whole demo."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import IO

from .. import __version__
from ..errors import ModelError, UsageError

MODELS = Path("models/roadsigns")
"""Where training leaves its versions; the newest is served."""

MODEL_NAME = "roadsigns_model"
"""The name that the page asks for."""

_START_SECONDS = 120.0
_STOP_SECONDS = 10.0
_LOOPBACK = "127.0.0.1"


@contextlib.contextmanager
def model_server(say: Callable[[str], None]) -> Iterator[str]:
    """Run the embedded model server on a free loopback port; yields its `host:port` once it answers.

    It serves the newest version in `MODELS`, else the weights that come with the package, exported once into the user's
    cache folder. It ends with the block, and with this process however that ends.

    Raises:
        UsageError: TensorFlow is not installed.
        ModelError: the export or the server failed; says why.
    """
    if not importlib.util.find_spec("tensorflow"):
        raise UsageError(
            "TENSORFLOW_HOST is not set, and a model server beside the app needs TensorFlow, which is not installed. "
            "Set TENSORFLOW_HOST=host:port"
        )
    folder = MODELS.resolve() if _versions(MODELS) else shipped_model(say)
    port = _free_port()
    say(f"starting a model server on {folder}")
    command = [sys.executable, "-m", "roadsigns.app.child", "roadsigns.serving"]
    command += [f"--host={_LOOPBACK}", f"--rest_api_port={port}", "--port=0"]
    command += [f"--model_name={MODEL_NAME}", f"--model_base_path={folder}"]
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


def shipped_model(say: Callable[[str], None]) -> Path:
    """A folder of versions with the weights that come with the package, exported by a child process if it is new.

    Raises:
        ModelError: the export failed.
    """
    digest = hashlib.sha256(__version__.encode())
    for file in sorted(resources.files("roadsigns").joinpath("weights").iterdir(), key=lambda file: file.name):
        digest.update(file.read_bytes() if file.name.endswith(".keras") else b"")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache) / "roadsigns" / digest.hexdigest()[:16]
    if _versions(folder):
        return folder
    say(f"exporting the weights that come with the package to {folder}, once")
    child = subprocess.run(
        [sys.executable, "-m", "roadsigns.export", "--output", str(folder), "--version", "1"],
        capture_output=True,
        text=True,
    )
    if not _versions(folder):  # the export writes beside and renames, and another app may have been first
        raise ModelError(f"The export to {str(folder)!r} failed: {_last_line(child.stderr)}")
    return folder


def _versions(folder: Path) -> bool:
    return any(path.parent.name.isdigit() for path in folder.glob("*/saved_model.pb"))


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
