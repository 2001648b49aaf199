from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from roadsigns.errors import UsageError
from roadsigns.train import tracking

GOLDEN = json.loads((Path(__file__).parents[2] / "fixtures" / "dotscience-record.json").read_text(encoding="utf-8"))
HISTORY = [
    {"epoch": 1, "loss": 3.5, "accuracy": 0.04, "validation_loss": 3.4, "validation_accuracy": 0.05},
    {"epoch": 2, "loss": 3.25, "accuracy": 0.06, "validation_loss": 3.3, "validation_accuracy": 0.055},
]

MLFLOWS_OWN_WARNINGS = pytest.mark.filterwarnings("default::DeprecationWarning", "default::FutureWarning")


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tracking.Record:
    """The golden run, in its project as working folder; neither Dotscience nor MLflow has a say in the environment."""
    for name in [name for name in os.environ if name.startswith(("DOTSCIENCE_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    run_folder = tmp_path / "runs" / "golden"
    names = ("config.json", "history.csv", "metrics.json", "curves.png", "model.keras", "epoch-0002.keras")
    for path in [*map(Path, GOLDEN["files"]), *(run_folder / name for name in names)]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    return tracking.Record(
        parameters={"epochs": 2, "training_size": 347},
        accuracy=0.0512,
        inputs=[Path("traffic-signs-data"), Path("signnames.csv")],
        outputs=[Path("models/roadsigns")],
        model_directory=Path("models/roadsigns"),
        framework_version="2.21.0",
        history=HISTORY,
        run_folder=run_folder,
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
    record: tracking.Record, capsys: pytest.CaptureFixture[str]
) -> None:
    tracking.publish("dotscience", record)
    printed = capsys.readouterr().out
    golden = "\n".join(GOLDEN["printed"]) + "\n"
    own_id, golden_id = (re.findall(r"RUN:(\S{36})\]\]", text)[0] for text in (printed, golden))
    assert printed.replace(own_id, golden_id) == golden


def test_dotscience_is_told_the_notebooks_facts(record: tracking.Record) -> None:
    told = fields(tracking.dotscience_record(record))
    assert told["parameters"] == {"epochs": "2", "training_size": "347"}
    assert told["summary"] == {"accuracy": "0.0512"}
    assert told["labels"] == {
        "model.directory": "models/roadsigns",
        "model.framework": "tensorflow",
        "model.framework.version": "2.21.0",
    }
    assert "models/roadsigns/1/saved_model.pb" in told["output"]
    assert told["input"] == ["signnames.csv", *(f"traffic-signs-data/{name}.p" for name in ("test", "train", "valid"))]


def test_every_record_has_its_own_id(record: tracking.Record) -> None:
    assert tracking.dotscience_record(record) != tracking.dotscience_record(record)


def test_times_are_told_in_utc(record: tracking.Record) -> None:
    start = datetime(2026, 1, 1, 1, 2, 3, 4, timezone(timedelta(hours=2)))
    told = fields(tracking.dotscience_record(replace(record, start=start)))
    assert told["start"] == "20251231T230203.000004"


def test_a_clock_that_was_set_back_makes_no_run_of_less_than_nothing(record: tracking.Record) -> None:
    told = fields(tracking.dotscience_record(replace(record, end=record.start - timedelta(days=400))))
    assert told["end"] == told["start"] == fields(tracking.dotscience_record(record))["start"]


def test_paths_are_relative_to_the_projects_root(record: tracking.Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOTSCIENCE_PROJECT_DOT_ROOT", "models")
    told = fields(
        tracking.dotscience_record(replace(record, inputs=[Path("signnames.csv"), Path("no.zip").absolute()]))
    )
    assert told["input"] == ["../no.zip", "../signnames.csv"]
    assert told["output"][1] == "roadsigns/1/saved_model.pb"


@pytest.mark.parametrize(("kind", "file"), [("command", "bin/train"), ("jupyter", None), ("", None)])
def test_the_program_is_told_where_dotscience_runs_a_command(
    kind: str, file: str | None, record: tracking.Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOTSCIENCE_WORKLOAD_TYPE", kind)
    monkeypatch.setattr(sys, "argv", [str(Path("bin/train").absolute())])
    assert fields(tracking.dotscience_record(record)).get("workload-file") == file


def test_a_run_without_an_export_has_no_labels(record: tracking.Record) -> None:
    told = fields(tracking.dotscience_record(replace(record, model_directory=None, framework_version=None, outputs=[])))
    assert (told["labels"], told["output"]) == ({}, [])


def test_a_record_goes_to_another_stream_on_request(
    record: tracking.Record, capsys: pytest.CaptureFixture[str]
) -> None:
    tracking.publish("dotscience", record, stream=sys.stderr)
    out, err = capsys.readouterr()
    assert out == ""
    assert fields(err)["version"] == "1"


@pytest.mark.parametrize("track", [None, "dotscience"])
def test_check_passes_what_needs_no_package(track: str | None) -> None:
    tracking.check(track)


def test_an_unknown_tracker_is_refused(record: tracking.Record) -> None:
    message = "Invalid value for `track`: expected dotscience or mlflow. Received: 'wandb'"
    with pytest.raises(UsageError, match=re.escape(message)):
        tracking.check("wandb")
    with pytest.raises(UsageError, match=re.escape(message)):
        tracking.publish("wandb", record)


@pytest.mark.parametrize("missing", ["mlflow", "sqlalchemy", "alembic"])
@pytest.mark.parametrize("origin", [None, "folder"])
def test_check_says_how_to_install_mlflow(missing: str, origin: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.machinery.ModuleSpec("found", None, origin="found.py")
    folder = None if origin is None else importlib.machinery.ModuleSpec("mlflow", None)  # as a folder of that name has
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: folder if name == missing else found)
    with pytest.raises(UsageError, match=re.escape("Run: pip install 'roadsigns[mlflow]'")):
        tracking.check("mlflow")


def test_tracking_loads_nothing_heavy() -> None:
    heavy = ("keras", "tensorflow", "jax", "numpy", "mlflow", "sqlalchemy")
    code = (
        "import sys; from roadsigns.train import tracking; tracking.check('dotscience'); "
        f"print(set({heavy!r}) & sys.modules.keys())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a local MLflow store, which takes seconds to make."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/tracked.db"


@pytest.fixture
def mlflow(store: str, record: tracking.Record, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """The real MLflow, led by its own settings to an experiment of the test's name; none of its reports home."""
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    return pytest.importorskip("mlflow", reason="needs the extra mlflow")


def tracked(mlflow: Any) -> list[Any]:
    """The runs of the test's experiment, read back from the store."""
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(os.environ["MLFLOW_EXPERIMENT_NAME"])
    return list(client.search_runs([experiment.experiment_id]))


@MLFLOWS_OWN_WARNINGS
def test_mlflow_is_told_the_same(mlflow: Any, record: tracking.Record, capsys: pytest.CaptureFixture[str]) -> None:
    tracking.publish("mlflow", record)
    assert capsys.readouterr().out == ""
    (run,) = tracked(mlflow)
    assert (run.info.run_name, run.info.status) == ("golden", "FINISHED")
    assert run.data.params == {"epochs": "2", "training_size": "347"}
    labels = {
        "model.directory": "models/roadsigns",
        "model.framework": "tensorflow",
        "model.framework.version": "2.21.0",
    }
    assert labels.items() <= run.data.tags.items()
    assert run.data.metrics["accuracy"] == 0.0512
    names = ["config.json", "curves.png", "history.csv", "metrics.json", "model.keras", "record.json"]
    assert [item.path for item in mlflow.MlflowClient().list_artifacts(run.info.run_id)] == names
    text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/record.json")
    assert json.loads(text) == fields("\n".join(GOLDEN["printed"]))


@MLFLOWS_OWN_WARNINGS
def test_mlflow_is_told_the_history_by_epoch(mlflow: Any, record: tracking.Record) -> None:
    tracking.publish("mlflow", record)
    (run,) = tracked(mlflow)
    assert set(run.data.metrics) == {"accuracy", *(f"history/{name}" for name in HISTORY[0] if name != "epoch")}
    loss = mlflow.MlflowClient().get_metric_history(run.info.run_id, "history/loss")
    assert [(point.step, point.value) for point in loss] == [(1, 3.5), (2, 3.25)]


@MLFLOWS_OWN_WARNINGS
def test_a_run_the_caller_has_open_becomes_the_parent(mlflow: Any, record: tracking.Record) -> None:
    with mlflow.start_run() as parent:
        tracking.publish("mlflow", record)
    assert sorted(run.data.tags.get("mlflow.parentRunId", "") for run in tracked(mlflow)) == ["", parent.info.run_id]


@MLFLOWS_OWN_WARNINGS
@pytest.mark.parametrize("place", ["nosuch://place", "http://127.0.0.1:9"])
def test_a_store_that_does_not_answer_is_one_error(
    place: str, mlflow: Any, record: tracking.Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", place)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    message = f"Check MLFLOW_TRACKING_URI; the run itself is whole in {record.run_folder}"
    with pytest.raises(UsageError, match=f"^MLflow did not take the run: .*{re.escape(message)}$"):
        tracking.publish("mlflow", record)
