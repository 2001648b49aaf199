"""Our record beside the one that the real `dotscience` package prints for the same run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from roadsigns.train.record import Record, dotscience_record

NOTEBOOK = Path(__file__).with_name("notebook.py")
GOLDEN = Path(__file__).parents[2] / "fixtures" / "dotscience-record.json"
PRINTED = re.compile(r"\[\[DOTSCIENCE-RUN:([0-9a-f-]{36})\]\](.*)\[\[/DOTSCIENCE-RUN:\1\]\]\n", re.DOTALL)
TIME = re.compile(r"\d{8}T\d{6}\.\d{6}")

RUN = json.loads(GOLDEN.read_text(encoding="utf-8"))["run"]
RUNS: dict[str, dict[str, Any]] = {
    "notebook": {},
    "optimizer": {"parameters": {"epochs": 15, "training_size": 34799, "optimizer": "adam"}},
    "kinds of value": {"parameters": {"int": 1, "share": 0.1, "tiny": 1e-07, "yes": True, "none": None, "ü": "→"}},
    "accuracies": {"accuracy": 1},
    "nothing": {"parameters": {}, "inputs": [], "outputs": []},
    "twice": {"inputs": ["signnames.csv", "./signnames.csv", "models/../signnames.csv"], "outputs": ["models"] * 2},
    "missing": {"inputs": ["no.zip"], "outputs": ["no/model"]},
    "single file": {"outputs": ["models/roadsigns/1/saved_model.pb"]},
    "linked folder": {"inputs": ["link"], "outputs": ["link"]},
    "the project itself": {"inputs": ["."], "outputs": ["."]},
    "empty folder": {"inputs": ["empty"], "outputs": ["empty"]},
    "hidden and odd names": {"inputs": ["odd"], "outputs": ["odd"]},
}
SETTINGS: dict[str, dict[str, str]] = {
    "bare": {},
    "command": {"DOTSCIENCE_WORKLOAD_TYPE": "command"},
    "jupyter": {"DOTSCIENCE_WORKLOAD_TYPE": "jupyter"},
    "root above": {"DOTSCIENCE_PROJECT_DOT_ROOT": "..", "DOTSCIENCE_WORKLOAD_TYPE": "command"},
    "root below": {"DOTSCIENCE_PROJECT_DOT_ROOT": "models"},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The golden run's project and a few traps, as working folder; no setting of Dotscience's."""
    folder = tmp_path / "project"
    files = json.loads(GOLDEN.read_text(encoding="utf-8"))["files"]
    for name in [*files, "odd/.hidden", "odd/a b.txt", "odd/ümlaut", "odd/below/deep/x"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("odd")
    (folder / "odd" / "loose").symlink_to("nowhere")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", [str(NOTEBOOK)])
    for name in [name for name in os.environ if name.startswith("DOTSCIENCE_")]:
        monkeypatch.delenv(name)
    return folder


def theirs(run: dict[str, Any]) -> str:
    """What the real package prints for `run`, in a process of its own."""
    command = [sys.executable, str(NOTEBOOK), json.dumps(run)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def ours(run: dict[str, Any], printed: Callable[[], Any]) -> str:
    now = datetime.now(UTC)
    told = Record(
        parameters=run["parameters"],
        accuracy=run["accuracy"],
        inputs=[Path(path) for path in run["inputs"]],
        outputs=[Path(path) for path in run["outputs"]],
        model_directory=Path(run["labels"]["model.directory"]),
        framework_version=run["labels"]["model.framework.version"],
        figures={},
        start=now,
        end=now,
    )
    print(dotscience_record(told))
    return str(printed().out)


def by_form(printed: str) -> str:
    """A printed record with its id and its times, which no two runs share, replaced by what they are."""
    match = PRINTED.fullmatch(printed)
    if match is None:
        raise AssertionError(printed)
    record = json.loads(match[2])
    for name in ("start", "end"):
        assert TIME.fullmatch(record[name]), record[name]
        printed = printed.replace(f'"{name}": "{record[name]}"', f'"{name}": "<time>"')
    return printed.replace(match[1], "<id>")


def fields(printed: str) -> list[tuple[str, Any]]:
    """The fields of a printed record, in the order in which they are printed."""
    return list(json.loads(printed.partition("]]")[2].rpartition("[[")[0]).items())


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize("change", RUNS.values(), ids=RUNS.keys())
def test_record_equals_the_packages(
    change: dict[str, Any],
    setting: dict[str, str],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    run = RUN | change
    expected, received = by_form(theirs(run)), by_form(ours(run, capsys.readouterr))
    for (name, value), (our_name, our_value) in zip(fields(expected), fields(received), strict=True):
        assert (our_name, our_value) == (name, value)
    assert received == expected  # the layout too


def test_absolute_paths_equal_the_packages(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = RUN | {name: [str(project / path) for path in RUN[name]] for name in ("inputs", "outputs")}
    assert by_form(ours(run, capsys.readouterr)) == by_form(theirs(run))


def test_golden_record_is_what_the_package_prints(project: Path, request: pytest.FixtureRequest) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    printed = theirs(RUN)
    if request.config.getoption("--remake"):
        golden["printed"] = printed.splitlines()
        GOLDEN.write_text(json.dumps(golden, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert by_form("\n".join(golden["printed"]) + "\n") == by_form(printed)
