from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from roadsigns.errors import UsageError
from roadsigns.train import tracking
from roadsigns.train.record import Record

RECORD = Record({"epochs": 2}, 0.5, [], [], None, None, {}, datetime(2026, 1, 1), datetime(2026, 1, 2))


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_dotscience_is_told_at_the_end(is_elsewhere: bool, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with tracking.following("dotscience", tmp_path, sys.stderr if is_elsewhere else None) as tracker:
        tracker.begin({"epochs": 2}, {}, [])
        tracker.tell({"epoch": 1, "loss": 2.0})
        assert capsys.readouterr() == ("", "")
        tracker.finish(RECORD, None)
    printed = capsys.readouterr()
    assert re.fullmatch(r"\[\[DOTSCIENCE-RUN:.*\]\]\n", printed[is_elsewhere], re.DOTALL)
    assert printed[not is_elsewhere] == ""


def test_nobody_is_told_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with tracking.following(None, tmp_path) as tracker:
        tracker.begin({"epochs": 2}, {}, [])
        tracker.tell({"epoch": 1, "loss": 2.0})
        tracker.finish(RECORD, None)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("track", [None, "dotscience"])
def test_check_passes_what_needs_no_package(track: str | None) -> None:
    tracking.check(track)


def test_an_unknown_tracker_is_refused(tmp_path: Path) -> None:
    message = "Invalid value for `track`: expected dotscience or mlflow. Received: 'wandb'"
    with pytest.raises(UsageError, match=re.escape(message)):
        tracking.check("wandb")
    with pytest.raises(UsageError, match=re.escape(message)), tracking.following("wandb", tmp_path):
        raise AssertionError


@pytest.mark.parametrize("missing", ["mlflow", "sqlalchemy", "alembic", "pandas"])
@pytest.mark.parametrize("origin", [None, "folder"])
def test_check_says_how_to_install_mlflow(missing: str, origin: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.machinery.ModuleSpec("found", None, origin="found.py")
    folder = None if origin is None else importlib.machinery.ModuleSpec("mlflow", None)  # as a folder of that name has
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: folder if name == missing else found)
    with pytest.raises(UsageError, match=re.escape("Run: pip install 'roadsigns[mlflow]'")):
        tracking.check("mlflow")


def test_tracking_loads_nothing_heavy() -> None:
    heavy = ("keras", "tensorflow", "jax", "numpy", "mlflow", "sqlalchemy", "pandas")
    code = (
        "import sys; from roadsigns.train import tracking; tracking.check('dotscience'); "
        f"print(set({heavy!r}) & sys.modules.keys())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
