"""Processes that a test has started, and those that these have started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path


def below(pid: int) -> dict[int, str]:
    """The processes that `pid` and those below it have started, with what each calls itself."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            names[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:  # it has ended
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {each: names[each] for each in found - {pid} if each in names}


def end(process: subprocess.Popen[str]) -> None:
    """End a process and all below it at once."""
    for each in (process.pid, *below(process.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    process.wait(60)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
