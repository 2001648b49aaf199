"""A run as MLflow has it: begun with the training, told of each epoch as it ends, and closed with how it ended.

The id of the MLflow run is kept in the run's folder, so that a training that goes on goes on there too.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import exported as export_facts
from ..errors import UsageError
from ..files import write_json
from .record import Record, fields

ID_FILE = "mlflow.json"
_LONGEST = 5000  # characters of a tag that every store takes


class MlflowRun:
    """A tracker that logs into MLflow, inside of the caller's own MLflow run where one is open.

    Where the store fails in mid-training, a line says so and the training goes on; the rest is logged at the end.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._id: str | None = None  # of the MLflow run that is open
        self._missed: list[Mapping[str, float]] = []
        self._has_failed = False

    def begin(
        self, parameters: Mapping[str, object], facts: Mapping[str, Any], history: Sequence[Mapping[str, float]]
    ) -> None:
        """Open the MLflow run, or the one that the folder names again; log parameters, and `facts` as tags.

        Raises:
            UsageError: MLflow does not take it.
        """
        with _errors(f"Check MLFLOW_TRACKING_URI, or train without --track mlflow; nothing is lost in {self._folder}"):
            mlflow = _library()
            with _on_stderr():
                is_new = not self._open_again(mlflow)
                if is_new:
                    nested = mlflow.active_run() is not None
                    self._id = mlflow.start_run(run_name=self._folder.name, nested=nested).info.run_id
                    write_json(self._folder / ID_FILE, {"run_id": self._id})
                    mlflow.log_params(dict(parameters))
                    mlflow.set_tags(dict(_flat(facts)))
                told = set() if is_new else self._told(mlflow)
                self._missed = [row for row in history if row["epoch"] not in told]
                self._log_missed(mlflow)

    def tell(self, row: Mapping[str, float]) -> None:
        """Log the figures of an epoch as `history/loss` and so on, the step its number."""
        self._missed.append(row)
        if self._has_failed:
            return
        try:
            with _on_stderr():
                self._log_missed(_library())
        except Exception as error:  # whatever ails the store, the training is worth more
            self._has_failed = True
            said = f"MLflow did not take epoch {row['epoch']:.0f}: {_reason(error)}. It is told again at the end"
            print(said, file=sys.stderr, flush=True)

    def finish(self, record: Record, exported: Path | None) -> None:
        """Log the end of the run: its figures, its folder as artifacts, and its model with a signature.

        The models kept for `--resume` stay behind.

        Raises:
            UsageError: MLflow does not take it.
        """
        with _errors(f"Check MLFLOW_TRACKING_URI; the run itself is whole in {self._folder}"):
            mlflow = _library()
            with _on_stderr():
                self._log_missed(mlflow)
                mlflow.set_tags(record.labels())
                mlflow.log_metrics({"accuracy": record.accuracy, **record.figures})
                mlflow.log_text(json.dumps(fields(record), indent=2, sort_keys=True), "record.json")
                for path in sorted(self._folder.iterdir()):
                    if not path.match("epoch-*.keras") and path.name != ID_FILE:
                        mlflow.log_artifact(str(path))
                if exported is not None:
                    _log_model(exported)
                mlflow.end_run("FINISHED")
        self._id = None

    def leave(self, status: str) -> None:
        """Close the MLflow run, where it is open, as `KILLED` or `FAILED`."""
        if self._id is None:
            return
        with contextlib.suppress(Exception), _on_stderr():  # the error that ended the run is told, not this one
            _library().end_run(status)

    def _open_again(self, mlflow: Any) -> bool:
        """Whether the folder names an MLflow run, and it is there."""
        try:
            kept = json.loads((self._folder / ID_FILE).read_text(encoding="utf-8"))["run_id"]
            mlflow.MlflowClient().get_run(kept)
        except FileNotFoundError:
            return False
        except (ValueError, TypeError, KeyError, mlflow.exceptions.MlflowException) as error:
            print(f"MLflow has no more the run of {self._folder}: {_reason(error)}. A new one begins", file=sys.stderr)
            return False
        self._id = mlflow.start_run(run_id=kept, nested=mlflow.active_run() is not None).info.run_id
        return True

    def _told(self, mlflow: Any) -> set[int]:
        """The epochs that the open run has."""
        return {point.step for point in mlflow.MlflowClient().get_metric_history(self._id, "history/loss")}

    def _log_missed(self, mlflow: Any) -> None:
        while self._missed:
            row = self._missed[0]
            figures = {f"history/{name}": value for name, value in row.items() if name != "epoch"}
            mlflow.log_metrics(figures, step=int(row["epoch"]))
            self._missed.pop(0)


class _SavedModelFlavor:
    """What writes an exported version in MLflow's form, for MLflow's own TensorFlow flavor to load.

    Its input and outputs are those of `predict_pixels`.
    """

    @staticmethod
    def save_model(path: str, mlflow_model: Any, folder: Path) -> None:
        """Fill the folder `path`; MLflow calls it."""
        mlflow: Any = importlib.import_module("mlflow.pyfunc")
        signature = export_facts.PIXELS
        shutil.copytree(folder, Path(path) / "saved_model")
        mlflow_model.signature = _signature(folder, signature)
        mlflow_model.add_flavor(
            "tensorflow",
            saved_model_dir="saved_model",
            meta_graph_tags=["serve"],
            signature_def_key=signature,
            model_type="tf1-estimator",  # so MLflow calls a SavedModel that is asked by a signature's name
        )
        mlflow.add_to_model(mlflow_model, loader_module="mlflow.tensorflow")
        mlflow_model.save(str(Path(path) / "MLmodel"))


def _log_model(exported: Path) -> None:
    """Log an exported version as the MLflow model `model`, for the registry; a line where the store takes none."""
    models: Any = importlib.import_module("mlflow.models")
    exceptions: Any = importlib.import_module("mlflow.exceptions")
    try:
        models.Model.log(None, _SavedModelFlavor, name="model", folder=exported)
    except exceptions.MlflowException as error:  # a server older than version 3 takes the rest
        print(f"MLflow did not take the model: {_reason(error)}. It is in {exported}", file=sys.stderr)


def _signature(version: Path, name: str) -> Any:
    """The inputs and outputs of a version's signature in MLflow's words."""
    import numpy as np

    models: Any = importlib.import_module("mlflow.models")
    types: Any = importlib.import_module("mlflow.types")

    def schema(tensors: Mapping[str, export_facts.Tensor]) -> Any:
        kinds = {each: "str" if tensor.dtype == "string" else tensor.dtype for each, tensor in tensors.items()}
        specs = [types.TensorSpec(np.dtype(kinds[each]), tensors[each].shape, each) for each in sorted(tensors)]
        return types.Schema(specs)

    classes = len(export_facts.class_names(version))
    outputs = export_facts.outputs(classes, no_sign=(version / export_facts.NO_SIGN).is_file())[name]
    return models.ModelSignature(schema(export_facts.INPUTS[name]), schema(outputs))


def _library() -> Any:
    mlflow: Any = importlib.import_module("mlflow")
    logging.getLogger("mlflow").setLevel(logging.ERROR)  # its remarks on how it makes its store
    return mlflow


def _flat(facts: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Nested facts as tags, such as `data.files.train.p.sha256`."""
    for name, value in facts.items():
        key = above + re.sub(r"[^\w. /-]", "_", str(name))
        if isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        else:
            yield key, str(value)[:_LONGEST]


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__


@contextlib.contextmanager
def _on_stderr() -> Iterator[None]:
    """Within, MLflow prints its addresses on stderr; stdout is for our results."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


@contextlib.contextmanager
def _errors(way_out: str) -> Iterator[None]:
    """Make what MLflow raises one line."""
    try:
        yield
    except Exception as error:
        if {"ImportError", "MlflowException"}.isdisjoint(each.__name__ for each in type(error).mro()):
            raise
        raise UsageError(f"MLflow did not take the run: {_reason(error)}. {way_out}") from error
