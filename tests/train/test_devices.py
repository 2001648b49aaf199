"""Several devices and processes: as one device up to rounding, and refused where they cannot be; each in a process."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import roadsigns
from roadsigns.config import TrainOptions
from roadsigns.errors import UsageError
from roadsigns.train import averages, devices

SCRIPT = Path(__file__).with_name("simulated_devices.py")
ALONE = dict.fromkeys(devices.VARIABLES, "")
TOGETHER = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500", "WORLD_SIZE": "2", "RANK": "0"}


def start(folder: Path, simulated: int, *flags: str, **variables: str) -> subprocess.Popen[str]:
    environ = {**os.environ, **ALONE, "KERAS_BACKEND": "jax", "XDG_CACHE_HOME": str(folder / "cache"), **variables}
    pytest.importorskip(environ["KERAS_BACKEND"])
    environ["PYTHONPATH"] = str(Path(roadsigns.__file__).parent.parent)
    command = [sys.executable, str(SCRIPT), str(folder), str(simulated), *flags]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return out


@pytest.mark.parametrize(("backend", "runner"), [("jax", "Compiled"), ("tensorflow", "Mirrored")])
def test_several_devices_are_as_one(tmp_path: Path, backend: str, runner: str) -> None:
    """Statistics of batch normalisation and averages included; sums over parts are rounded otherwise."""
    found: Any = json.loads(ended(start(tmp_path, 4, KERAS_BACKEND=backend)).splitlines()[-1])
    for case in ("grey", "colour"):
        assert found[case]["runner"] == runner
        assert found[case]["moved"] > 0.02
        assert found[case]["weights"] < 2e-3 and found[case]["means"] < 1e-3


def test_the_command_trains_on_two_devices_of_tensorflow(tmp_path: Path) -> None:
    ended(start(tmp_path, 2, "--devices", "2", KERAS_BACKEND="tensorflow"))
    assert json.loads((tmp_path / "run" / "config.json").read_text())["devices"] == 2
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["epochs"] == 2


def test_two_processes_train_as_one_does(tmp_path: Path) -> None:
    weights = {}
    for number in (1, 2):
        folder = tmp_path / str(number)
        together = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "WORLD_SIZE": str(number)}
        begun = [start(folder, 2 // number, "--devices", "all", **together, RANK=str(rank)) for rank in range(number)]
        for process in begun:
            ended(process)
        weights[number] = averages.load(folder / "run" / "epoch-0002.keras").get_weights()
        assert (folder / "run" / "metrics.json").exists()
    for one, other in zip(weights[1], weights[2], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_one_that_dies_ends_the_others_with_a_reason(tmp_path: Path) -> None:
    together = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "WORLD_SIZE": "2"}
    lives, dies = (
        start(tmp_path, 1, "--devices", "all", **together, RANK=rank, DIES=rank.strip("0")) for rank in ("0", "1")
    )
    dies.communicate(timeout=600)
    assert dies.returncode == 9
    _, said = lives.communicate(timeout=600)
    assert lives.returncode != 0
    # Our own words where a sum over both fails first, else JAX's own, which then ends the process.
    assert "Another process of this training has ended" in said or "another task died" in said, said


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in devices.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(devices, "_there", lambda: 4)
    return monkeypatch


def test_who_trains_together_stands_in_the_environment(environment: pytest.MonkeyPatch) -> None:
    assert devices.processes(TrainOptions(devices="all")) == (1, 0)
    for name, value in {**TOGETHER, "RANK": "1"}.items():
        environment.setenv(name, value)
    assert devices.processes(TrainOptions(devices="all")) == (2, 1)
    assert devices.processes(TrainOptions()) == (1, 0), "a scheduler's variables alone divide nothing"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"RANK": ""}, "WORLD_SIZE=2 without RANK. Set all of MASTER_ADDR, MASTER_PORT, WORLD_SIZE, RANK"),
        ({"RANK": "2"}, "Invalid value for RANK: expected a number below WORLD_SIZE=2. Received: 2"),
        (
            {"WORLD_SIZE": "two"},
            "Invalid value for WORLD_SIZE: expected a whole number of at least 1 and at most",
        ),
        (
            {"MASTER_PORT": "0"},
            "Invalid value for MASTER_PORT: expected a whole number of at least 1 and at most",
        ),
    ],
)
def test_a_bad_environment_is_refused(environment: pytest.MonkeyPatch, variables: dict[str, str], message: str) -> None:
    for name, value in {**TOGETHER, **variables}.items():
        environment.setenv(name, value)
    with pytest.raises(UsageError, match=re.escape(message)):
        devices.processes(TrainOptions(devices="all"))


def test_devices_are_counted(environment: pytest.MonkeyPatch) -> None:
    assert [devices.count(TrainOptions(devices=asked)) for asked in (1, 2, 4, "all")] == [1, 2, 4, 4]
    with pytest.raises(UsageError, match=re.escape("--devices 5: there are 4. Give --devices all for all of them")):
        devices.count(TrainOptions(devices=5))
    for name, value in TOGETHER.items():
        environment.setenv(name, value)
    with pytest.raises(UsageError, match=re.escape("--devices 2: the 2 processes have 4 devices, and all take part")):
        devices.count(TrainOptions(devices=2))


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_a_batch_that_does_not_divide_is_refused(environment: pytest.MonkeyPatch, backend: str) -> None:
    environment.setattr("keras.config.backend", lambda: backend)
    message = "--batch-size 250 cannot be divided among 4 devices. Give --batch-size 252, or another number of "
    with pytest.raises(UsageError, match=re.escape(message)):
        devices.join(TrainOptions(devices="all", batch_size=250))
    devices.join(TrainOptions(devices="all", batch_size=252))


def test_several_processes_of_tensorflow_are_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setattr("keras.config.backend", lambda: "tensorflow")
    for name, value in TOGETHER.items():
        environment.setenv(name, value)
    message = "WORLD_SIZE=2: several processes train together on JAX alone. Set KERAS_BACKEND=jax"
    with pytest.raises(UsageError, match=re.escape(message)):
        devices.join(TrainOptions(devices="all"))
    devices.join(TrainOptions())
