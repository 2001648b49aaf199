"""A rival in a process and an environment of its own, asked line by line in JSON, so that rounds can take turns."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
START_SECONDS = 90.0
"""Time that PyTorch may take to be imported and to find its device."""


class AbsentError(Exception):
    """The rival cannot do what was asked, or did not in time; says why."""


class Rival:
    """A script of `rivals/`, under an interpreter that has what it needs.

    Args:
        python: the interpreter.
        script: its name; it says {"ready": VERSION} first.

    Raises:
        AbsentError: it does not start.
    """

    def __init__(self, python: str, script: str = "torch_training.py") -> None:
        command = [python, str(HERE / "rivals" / script)]
        environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "XLA_FLAGS")}
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environ,
            )
        except OSError as error:
            raise AbsentError(f"{python} cannot be started: {error.strerror}") from error
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            said = self._answer(START_SECONDS)
        except AbsentError:
            self.close()
            raise
        self.version: str = said["ready"]

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)
        self._lines.put("")

    def _answer(self, most_seconds: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=max(0.0, most_seconds))
        except queue.Empty:
            self._process.kill()
            raise AbsentError(f"no answer within {most_seconds:.0f} s") from None
        if not line:
            raise AbsentError("what it needs is not installed there, or the process has ended")
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise AbsentError(said["error"])
        return said

    def ask(self, request: dict[str, Any], most_seconds: float) -> dict[str, Any]:
        """What it answers; raises AbsentError, and ends the process where no answer comes in time."""
        if self._process.poll() is not None or self._process.stdin is None:
            raise AbsentError("its process has ended")
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise AbsentError("its process has ended") from error
        return self._answer(most_seconds)

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End its process."""
        self._process.kill()
        self._process.communicate()  # closes its pipes too
