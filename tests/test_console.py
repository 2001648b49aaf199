"""Bars on a real terminal, and nothing of them anywhere else."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import roadsigns

ENVIRON = {
    **{name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLORTERM")},
    "PYTHONPATH": str(Path(roadsigns.__file__).parent.parent),
    "TERM": "xterm-256color",
}
PROGRAM = """
from roadsigns.console import note, progress
with progress("drawing") as tell:
    for done in range(4):
        tell(done, 4)
note("done")
"""
COLOUR = re.compile(rb"\x1b\[[0-9;]*(3[0-9]|9[0-7])[0-9;]*m")


def on_a_terminal(**environ: str) -> bytes:
    """What the program writes on a terminal that is its stderr."""
    reader, writer = pty.openpty()
    subprocess.run([sys.executable, "-c", PROGRAM], stderr=writer, env={**ENVIRON, **environ}, check=True)
    os.close(writer)
    said = b""
    while True:
        try:
            said += os.read(reader, 2**16)
        except OSError:  # the terminal is closed
            os.close(reader)
            return said


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}], ids=["colours", "NO_COLOR"])
def test_a_terminal_gets_a_bar_in_colours_unless_told_otherwise(environ: dict[str, str]) -> None:
    said = on_a_terminal(**environ)
    assert b"drawing" in said and said.rstrip().endswith(b"done")
    assert bool(COLOUR.search(said)) == (not environ)


def test_a_pipe_gets_lines_and_no_codes() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=ENVIRON, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"done\n")
