"""A finished run as plain values, and as the text in which Dotscience finds it.

Dotscience reads a program's output for a record between two marks. The last `dotscience` package (0.8.7) wants a
click and a joblib too old for its neighbours, so the record is written here in that package's
form; `tox -e dotscience` holds it equal, field by field, to what the package itself prints.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Record:
    """What a finished run tells, as plain values.

    Attributes:
        parameters: what the run was started with, by name; the notebook's are `epochs`, `training_size` (training
            pictures used per epoch) and `optimizer`. Values are told as `str` gives them.
        accuracy: share of the test pictures named rightly, 0..1.
        inputs: files and folders that were read: the data set. A folder stands for every file below it.
        outputs: files and folders that were written: the exported model. A folder stands for every file below it.
        model_directory: the folder above the versions, told as it is given; None where nothing was exported.
        framework_version: version of the TensorFlow that exported; None where nothing was exported.
        figures: what else the run ends with, by name. Dotscience has no place for it.
        start, end: when the run began and ended; local time where they name no time zone.
    """

    parameters: Mapping[str, object]
    accuracy: float
    inputs: Sequence[Path]
    outputs: Sequence[Path]
    model_directory: Path | None
    framework_version: str | None
    figures: Mapping[str, float]
    start: datetime
    end: datetime

    def labels(self) -> dict[str, str]:
        """The notebook's labels of the exported model; none where nothing was exported."""
        if self.model_directory is None:
            return {}
        return {
            "model.directory": str(self.model_directory),
            "model.framework": "tensorflow",
            "model.framework.version": str(self.framework_version),
        }


def dotscience_record(record: Record) -> str:
    """The run as the `dotscience` package prints it, with a fresh id and without the last newline.

    Where each field comes from:

        version        always "1", the version of the form
        start, end     `record.start` and `record.end` in UTC, to the microsecond
        input, output  every file of `record.inputs` and `record.outputs`, sorted, relative to the project's root
        parameters     `record.parameters`
        summary        `accuracy`: `record.accuracy`
        labels         `record.labels()`
        workload-file  the program, relative to the root; only where Dotscience runs a command

    Every value is a string. The root is `DOTSCIENCE_PROJECT_DOT_ROOT`, else the working folder; Dotscience sets
    `DOTSCIENCE_WORKLOAD_TYPE` to `command` where it runs a command, and to `jupyter` in a notebook.

    Source: the output of dotscience 0.8.7, kept in `fixtures/dotscience-record.json`.
    """
    told = fields(record)
    if os.environ.get("DOTSCIENCE_WORKLOAD_TYPE") == "command":
        told["workload-file"] = os.path.relpath(sys.argv[0], _root())
    mark = f"DOTSCIENCE-RUN:{uuid.uuid4()}"
    return f"[[{mark}]]{json.dumps(told, indent=4, sort_keys=True)}[[/{mark}]]"


def fields(record: Record) -> dict[str, Any]:
    """The same without the marks and the program, as JSON can hold it."""
    start, end = _timestamp(record.start), _timestamp(record.end)
    return {
        "version": "1",
        "start": start,
        "end": max(start, end),  # a clock that is set back meanwhile makes no run of less than nothing
        "input": _inputs(record.inputs),
        "output": _outputs(record.outputs),
        "parameters": {name: str(value) for name, value in record.parameters.items()},
        "summary": {"accuracy": str(record.accuracy)},
        "labels": record.labels(),
    }


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%f")


def _root() -> str:
    return os.environ.get("DOTSCIENCE_PROJECT_DOT_ROOT") or str(Path.cwd())


def _inputs(paths: Sequence[Path]) -> list[str]:
    return sorted({os.path.relpath(file, _root()) for path in paths for file in _below(path)})


def _outputs(paths: Sequence[Path]) -> list[str]:
    """The package's own way: a file bears its folder's name in full, so `./file` where the folder is the root."""
    parts = ((os.path.relpath(path, _root()), os.path.relpath(file, path)) for path in paths for file in _below(path))
    return sorted({top if rest == "." else f"{top}/{rest}" for top, rest in parts})


def _below(path: Path) -> Iterator[Path]:
    """The files below a folder, through links to folders too; anything else, even a missing file, is itself."""
    if not path.is_dir():
        yield path
    for folder, _, names in os.walk(path, followlinks=True):
        yield from (Path(folder, name) for name in names)
