"""The real MLflow, with a store of its own, is read back for what a run told it."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from roadsigns.errors import UsageError
from roadsigns.train import tracking
from roadsigns.train.record import Record, fields

# MLflow's own.
pytestmark = pytest.mark.filterwarnings(*(f"default::{kind}Warning" for kind in ("Deprecation", "Future", "User")))

ROWS = [
    {"epoch": 1, "loss": 3.5, "validation_accuracy": 0.05},
    {"epoch": 2, "loss": 3.25, "validation_accuracy": 0.055},
    {"epoch": 3, "loss": 3.0, "validation_accuracy": 0.06},
]
PARAMETERS = {"epochs": 3, "learning_rate": 0.001, "training_size": 347, "optimizer": "adam", "count": None}
FACTS = {"commit": "abc", "data": {"source": "gtsrb", "files": {"train.p": {"bytes": 7}}}, "versions": {"keras": "3"}}
RECORD = Record({"epochs": 3}, 0.5, [], [], None, None, {"ece": 0.25}, datetime(2026, 1, 1), datetime(2026, 1, 2))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a local MLflow store, which takes seconds to make."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/tracked.db"


@pytest.fixture
def mlflow(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """The real MLflow, led by its own settings to an experiment of the test's name; none of its reports home."""
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    return pytest.importorskip("mlflow", reason="needs the extra mlflow")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder."""
    made = tmp_path / "runs" / "golden"
    made.mkdir(parents=True)
    for name in ("config.json", "history.csv", "metrics.json", "curves.png", "model.keras", "epoch-0002.keras"):
        (made / name).write_text(name)
    return made


def tracked(mlflow: Any) -> list[Any]:
    """The runs of the test's experiment, read back from the store."""
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(os.environ["MLFLOW_EXPERIMENT_NAME"])
    return list(client.search_runs([experiment.experiment_id]))


def losses(mlflow: Any, run: Any) -> list[tuple[int, float]]:
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "history/loss")
    return [(point.step, point.value) for point in history]


def test_a_run_is_told_from_its_begin_to_its_end(mlflow: Any, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tracking.following("mlflow", folder) as tracker:
        tracker.begin(PARAMETERS, FACTS, [])
        (run,) = tracked(mlflow)
        assert (run.info.run_name, run.info.status) == ("golden", "RUNNING")
        assert run.data.params == {name: str(value) for name, value in PARAMETERS.items()}
        facts = {"commit": "abc", "data.source": "gtsrb", "data.files.train.p.bytes": "7", "versions.keras": "3"}
        assert facts.items() <= run.data.tags.items()
        tracker.tell(ROWS[0])
        assert losses(mlflow, run) == [(1, 3.5)]
        tracker.tell(ROWS[1])
        tracker.finish(RECORD, None)
    assert capsys.readouterr() == ("", "")
    (run,) = tracked(mlflow)
    assert run.info.status == "FINISHED" and mlflow.active_run() is None
    assert losses(mlflow, run) == [(1, 3.5), (2, 3.25)]
    assert (run.data.metrics["accuracy"], run.data.metrics["ece"]) == (0.5, 0.25)
    names = ["config.json", "curves.png", "history.csv", "metrics.json", "model.keras", "record.json"]
    assert [item.path for item in mlflow.MlflowClient().list_artifacts(run.info.run_id)] == names
    text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/record.json")
    assert json.loads(text) == fields(RECORD)


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), "KILLED"), (ValueError(), "FAILED"), (MemoryError(), "FAILED")]
)
def test_a_run_that_is_cut_off_is_marked_so_and_goes_on_in_the_same(
    error: BaseException, status: str, mlflow: Any, folder: Path
) -> None:
    with pytest.raises(type(error)), tracking.following("mlflow", folder) as tracker:
        tracker.begin(PARAMETERS, FACTS, [])
        tracker.tell(ROWS[0])
        raise error
    (run,) = tracked(mlflow)
    assert run.info.status == status and mlflow.active_run() is None
    with tracking.following("mlflow", folder) as tracker:  # the second epoch was kept, but not told any more
        tracker.begin({**PARAMETERS, "epochs": 9}, FACTS, ROWS[:2])
        assert tracked(mlflow)[0].info.status == "RUNNING"
        tracker.tell(ROWS[2])
        tracker.finish(RECORD, None)
    (again,) = tracked(mlflow)
    assert (again.info.run_id, again.info.status) == (run.info.run_id, "FINISHED")
    assert losses(mlflow, again) == [(1, 3.5), (2, 3.25), (3, 3.0)]
    assert again.data.params["epochs"] == "3"


def test_a_run_that_mlflow_has_no_more_begins_anew(
    mlflow: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mlflow.json").write_text('{"run_id": "00112233445566778899aabbccddeeff"}')
    with tracking.following("mlflow", folder) as tracker:
        tracker.begin(PARAMETERS, FACTS, ROWS[:2])
        tracker.finish(RECORD, None)
    (run,) = tracked(mlflow)
    assert losses(mlflow, run) == [(1, 3.5), (2, 3.25)]
    assert json.loads((folder / "mlflow.json").read_text()) == {"run_id": run.info.run_id}
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith(f"MLflow has no more the run of {folder}: ")


def test_a_store_that_fails_in_mid_training_is_one_line_and_is_told_at_the_end(
    mlflow: Any, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise mlflow.exceptions.MlflowException("no\nroute.")

    with tracking.following("mlflow", folder) as tracker:
        tracker.begin(PARAMETERS, FACTS, [])
        tracker.tell(ROWS[0])
        with monkeypatch.context() as patch:
            patch.setattr(mlflow, "log_metrics", fail)
            tracker.tell(ROWS[1]), tracker.tell(ROWS[2])
        assert capsys.readouterr() == ("", "MLflow did not take epoch 2: no route. It is told again at the end\n")
        tracker.finish(RECORD, None)
    (run,) = tracked(mlflow)
    assert losses(mlflow, run) == [(1, 3.5), (2, 3.25), (3, 3.0)]


def test_a_run_the_caller_has_open_becomes_the_parent(mlflow: Any, folder: Path) -> None:
    with mlflow.start_run() as parent, tracking.following("mlflow", folder) as tracker:
        tracker.begin(PARAMETERS, FACTS, [])
        tracker.finish(RECORD, None)
        assert mlflow.active_run().info.run_id == parent.info.run_id
    assert sorted(run.data.tags.get("mlflow.parentRunId", "") for run in tracked(mlflow)) == ["", parent.info.run_id]


@pytest.mark.parametrize("place", ["nosuch://place", "http://127.0.0.1:9"])
def test_a_store_that_does_not_answer_is_one_error_before_the_training(
    place: str, mlflow: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", place)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    message = f"Check MLFLOW_TRACKING_URI, or train without --track mlflow; nothing is lost in {folder}"
    with (
        pytest.raises(UsageError, match=f"^MLflow did not take the run: .*{re.escape(message)}$"),
        tracking.following("mlflow", folder) as tracker,
    ):
        tracker.begin(PARAMETERS, FACTS, [])


def test_the_model_is_registered_loaded_and_answers_by_its_signature(mlflow: Any, folder: Path, tmp_path: Path) -> None:
    """MLflow's own TensorFlow flavor loads what was logged, by the registry's address, and asks `predict_pixels`."""
    import numpy as np
    import tensorflow as tf

    from pictures import draw_signs
    from roadsigns import export, keras_file, models

    exported = export.export(keras_file.load(models.shipped()), tmp_path / "models")
    with tracking.following("mlflow", folder) as tracker:
        tracker.begin(PARAMETERS, FACTS, [])
        tracker.finish(RECORD, exported)
    (run,) = tracked(mlflow)
    version = mlflow.register_model(f"runs:/{run.info.run_id}/model", "roadsigns")
    loaded = mlflow.pyfunc.load_model(f"models:/roadsigns/{version.version}")
    assert loaded.metadata.signature.inputs.input_names() == ["images"]
    names = ["class_ids", "class_names", "no_sign", "probabilities", "scores"]
    assert loaded.metadata.signature.outputs.input_names() == names
    images, _ = draw_signs(2, seed=0)
    expected = tf.saved_model.load(str(exported)).signatures["predict_pixels"](images=images)
    answer = loaded.predict({"images": images})
    assert sorted(answer) == names
    np.testing.assert_allclose(answer["probabilities"], expected["probabilities"], atol=1e-6)
