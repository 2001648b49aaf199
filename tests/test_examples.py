"""Every example of every `--help` runs as it stands, in a folder that holds what the examples name."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import roadsigns
from roadsigns.verbs import VERBS

FIXTURES = Path(__file__).parent.parent / "fixtures"
SERVERS = ("serve", "app")
ENVIRON = {name: value for name, value in os.environ.items() if name not in ("TENSORFLOW_HOST", "PORT")} | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(Path(roadsigns.__file__).parent.parent),
}


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", line], cwd=cwd, env=ENVIRON, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, an archive, an export, and a run that was stopped after its only epoch."""
    folder = tmp_path_factory.mktemp("examples")
    for name, picture in {
        "photo.jpg": "design-14.jpg",
        "a.png": "photograph-01.png",
        "b.png": "photograph-40.png",
    }.items():
        for place in (folder, folder / "photos"):
            place.mkdir(exist_ok=True)
            shutil.copy(FIXTURES / "pictures" / picture, place / name)
    shutil.copy(FIXTURES / "drawn-signs.zip", folder / "traffic-signs-data.zip")
    assert shell("roadsigns export", folder).returncode == 0
    assert shell("roadsigns train --data traffic-signs-data.zip --epochs 1 --output other", folder).returncode == 0
    next(folder.glob("runs/*/metrics.json")).unlink()
    return folder


def examples(verb: str) -> list[str]:
    text = shell(f"roadsigns {verb} --help", Path.cwd()).stdout
    return [line.strip() for line in text.partition("examples:\n")[2].splitlines()]


@pytest.mark.parametrize("verb", VERBS)
def test_every_example_runs(verb: str, here: Path) -> None:
    lines = examples(verb)
    assert len(lines) >= 2
    for line in lines:
        if verb in SERVERS:
            ask_and_end(line, here)
        elif "://" not in line and "--address" not in line and "signs.parquet" not in line:  # those are elsewhere
            done = shell(line, here)
            # Where stdout is JSON, the model that is meant is said on stderr.
            told = re.sub(r"\Amodel: .*\n", "", done.stderr) if "--json" in line else done.stderr
            assert (done.returncode, told) == (0, told if verb in ("data", "classify") else ""), line


def ask_and_end(line: str, cwd: Path) -> None:
    """Start a server, ask it for its first page, and end it."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec env {line}"],
        cwd=cwd,
        env=ENVIRON,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    try:
        for text in process.stdout or ():
            said.append(text)
            # Another server may have the port of an example meanwhile, so ask where this one says it is.
            address = re.search(r"(?:REST on )?(http://127\.0\.0\.1:\d+)", text)
            if address:
                with urllib.request.urlopen(f"{address[1]}/", timeout=30) as response:
                    assert response.status == 200
                break
        else:
            pytest.fail(f"{line}: {said}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0, line
