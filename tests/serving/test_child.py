"""A program that ends when its parent does, however that ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import roadsigns

SLEEPER = """
import sys, time
print(*sys.argv[1:], flush=True)
time.sleep(60)
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{Path(roadsigns.__file__).parent.parent}")
    return [sys.executable, "-m", "roadsigns.serving.child", "sleeper", "--flag", "a b"]


def test_a_child_has_its_arguments_and_ends_with_the_pipe_of_its_parent(command: list[str]) -> None:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None and child.stdout is not None
        assert child.stdout.readline() == "--flag a b\n"
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(10) == -15


def test_a_child_outlives_no_parent_that_is_killed(command: list[str]) -> None:
    program = f"import subprocess, sys\nchild = subprocess.Popen({command!r}, stdin=subprocess.PIPE, stdout=2)\n"
    program += "print(child.pid, flush=True)\nchild.wait()"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as parent:
        assert parent.stdout is not None and parent.stderr is not None
        child = int(parent.stdout.readline())
        assert parent.stderr.readline() == b"--flag a b\n"
        parent.kill()
        end = time.monotonic() + 10
        while Path(f"/proc/{child}").exists() and b"sleeper" in Path(f"/proc/{child}/cmdline").read_bytes():
            assert time.monotonic() < end, "the child is still there"
            time.sleep(0.05)
