from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from roadsigns.train.record import Record, dotscience_record

GOLDEN = json.loads((Path(__file__).parents[2] / "fixtures" / "dotscience-record.json").read_text(encoding="utf-8"))


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """The golden run, in its project as working folder; Dotscience has no say in the environment."""
    for name in [name for name in os.environ if name.startswith("DOTSCIENCE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for path in map(Path, GOLDEN["files"]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    return Record(
        parameters={"epochs": 2, "training_size": 347},
        accuracy=0.0512,
        inputs=[Path("traffic-signs-data"), Path("signnames.csv")],
        outputs=[Path("models/roadsigns")],
        model_directory=Path("models/roadsigns"),
        framework_version="2.21.0",
        figures={"ece": 0.25},
        start=golden_time("start"),
        end=golden_time("end"),
    )


def golden_time(name: str) -> datetime:
    line = next(line for line in GOLDEN["printed"] if f'"{name}"' in line)
    return datetime.strptime(line.split('"')[3], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)


def fields(printed: str) -> dict[str, Any]:
    """The JSON between the marks of a printed record."""
    match = re.fullmatch(r"\[\[DOTSCIENCE-RUN:([0-9a-f-]{36})\]\](.*)\[\[/DOTSCIENCE-RUN:\1\]\]\n?", printed, re.DOTALL)
    assert match, printed
    found: dict[str, Any] = json.loads(match[2])
    return found


def test_dotscience_is_told_what_its_own_package_prints(
    record: Record,
) -> None:
    printed = dotscience_record(record)
    golden = "\n".join(GOLDEN["printed"])
    own_id, golden_id = (re.findall(r"RUN:(\S{36})\]\]", text)[0] for text in (printed, golden))
    assert printed.replace(own_id, golden_id) == golden


def test_dotscience_is_told_the_notebooks_facts(record: Record) -> None:
    told = fields(dotscience_record(record))
    assert told["parameters"] == {"epochs": "2", "training_size": "347"}
    assert told["summary"] == {"accuracy": "0.0512"}
    assert told["labels"] == {
        "model.directory": "models/roadsigns",
        "model.framework": "tensorflow",
        "model.framework.version": "2.21.0",
    }
    assert "models/roadsigns/1/saved_model.pb" in told["output"]
    assert told["input"] == ["signnames.csv", *(f"traffic-signs-data/{name}.p" for name in ("test", "train", "valid"))]


def test_every_record_has_its_own_id(record: Record) -> None:
    assert dotscience_record(record) != dotscience_record(record)


def test_times_are_told_in_utc(record: Record) -> None:
    start = datetime(2026, 1, 1, 1, 2, 3, 4, timezone(timedelta(hours=2)))
    told = fields(dotscience_record(replace(record, start=start)))
    assert told["start"] == "20251231T230203.000004"


def test_a_clock_that_was_set_back_makes_no_run_of_less_than_nothing(record: Record) -> None:
    told = fields(dotscience_record(replace(record, end=record.start - timedelta(days=400))))
    assert told["end"] == told["start"] == fields(dotscience_record(record))["start"]


def test_paths_are_relative_to_the_projects_root(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOTSCIENCE_PROJECT_DOT_ROOT", "models")
    told = fields(dotscience_record(replace(record, inputs=[Path("signnames.csv"), Path("no.zip").absolute()])))
    assert told["input"] == ["../no.zip", "../signnames.csv"]
    assert told["output"][1] == "roadsigns/1/saved_model.pb"


@pytest.mark.parametrize(("kind", "file"), [("command", "bin/train"), ("jupyter", None), ("", None)])
def test_the_program_is_told_where_dotscience_runs_a_command(
    kind: str, file: str | None, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOTSCIENCE_WORKLOAD_TYPE", kind)
    monkeypatch.setattr(sys, "argv", [str(Path("bin/train").absolute())])
    assert fields(dotscience_record(record)).get("workload-file") == file


def test_a_run_without_an_export_has_no_labels(record: Record) -> None:
    told = fields(dotscience_record(replace(record, model_directory=None, framework_version=None, outputs=[])))
    assert (told["labels"], told["output"]) == ({}, [])
