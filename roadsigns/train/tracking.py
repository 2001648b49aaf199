"""Whom a run tells about itself, from its first epoch to its end: nobody, Dotscience or MLflow."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO

from ..config.train import TRACKERS
from ..errors import UsageError
from ..kinds import check as check_value
from .mlflow_run import MlflowRun
from .record import Record, dotscience_record
from .tensorboard import TensorBoard

# SQLAlchemy and Alembic keep MLflow's default store, a SQLite file; a model's signature needs pandas.
_MLFLOW_PARTS = ("mlflow", "sqlalchemy", "alembic", "pandas")


class Tracker(Protocol):
    """Who is told."""

    def begin(
        self, parameters: Mapping[str, object], facts: Mapping[str, Any], history: Sequence[Mapping[str, float]]
    ) -> None:
        """Training begins or goes on.

        Args:
            parameters: what the run was started with, by name.
            facts: what else decides the result; may be nested.
            history: the rows of the epochs that are there already: `epoch`, from 1, and its figures.
        """

    def tell(self, row: Mapping[str, float]) -> None:
        """An epoch has ended."""

    def finish(self, record: Record, exported: Path | None) -> None:
        """The run is whole in its folder, and perhaps exported.

        Raises:
            UsageError: the tracker did not take it.
        """


class Nobody:
    """A tracker that tells nobody."""

    def begin(
        self, parameters: Mapping[str, object], facts: Mapping[str, Any], history: Sequence[Mapping[str, float]]
    ) -> None:
        """Tell nothing."""

    def tell(self, row: Mapping[str, float]) -> None:
        """Tell nothing."""

    def finish(self, record: Record, exported: Path | None) -> None:
        """Tell nothing."""


class Dotscience(Nobody):
    """Prints a record where Dotscience looks for it, once the run is finished."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def finish(self, record: Record, exported: Path | None) -> None:
        """Print the record."""
        print(dotscience_record(record), file=self._stream or sys.stdout, flush=True)


class Several:
    """Tells several trackers, one after the other."""

    def __init__(self, *trackers: Tracker) -> None:
        self._trackers = trackers

    def begin(
        self, parameters: Mapping[str, object], facts: Mapping[str, Any], history: Sequence[Mapping[str, float]]
    ) -> None:
        """As each tracker's."""
        for each in self._trackers:
            each.begin(parameters, facts, history)

    def tell(self, row: Mapping[str, float]) -> None:
        """As each tracker's."""
        for each in self._trackers:
            each.tell(row)

    def finish(self, record: Record, exported: Path | None) -> None:
        """As each tracker's."""
        for each in self._trackers:
            each.finish(record, exported)


def check(track: str | None, tensorboard: Path | None = None) -> None:
    """See that `track` and `tensorboard` can be told about a run, before the run is spent; loads nothing.

    Raises:
        UsageError: `track` is no tracker we know, or what one of the two needs is not installed.
    """
    if tensorboard is not None and not all(map(_installed, ("tensorboard", "tensorflow"))):
        raise UsageError(
            "--tensorboard needs TensorBoard and TensorFlow, which are not both installed. "
            "Run: pip install 'roadsigns[tensorboard]'"
        )
    if track is None:
        return
    check_value("`track`", TRACKERS, track)
    if track == "mlflow" and not all(map(_installed, _MLFLOW_PARTS)):
        raise UsageError("--track mlflow needs MLflow, which is not installed. Run: pip install 'roadsigns[mlflow]'")


@contextlib.contextmanager
def following(
    track: str | None, folder: Path, stream: TextIO | None = None, tensorboard: Path | None = None
) -> Iterator[Tracker]:
    """Yield who is told about the run in `folder`; the tracker is told whether the block ends with an error.

    Args:
        track: `dotscience` prints a record; `mlflow` logs where MLflow's own settings say (`MLFLOW_TRACKING_URI`,
            `MLFLOW_EXPERIMENT_NAME` and the rest); None tells nobody.
        folder: the run's.
        stream: where Dotscience's record goes; default stdout, which is where Dotscience looks for it.
        tensorboard: folder that receives event files in one of the run's name; None writes none.

    Raises:
        UsageError: `track` cannot be used (see `check`).
    """
    check(track)
    board = [] if tensorboard is None else [TensorBoard(tensorboard / folder.resolve().name)]
    if track != "mlflow":
        yield Several(*board, Dotscience(stream) if track else Nobody())
        return
    run = MlflowRun(folder)
    try:
        yield Several(*board, run)
    except KeyboardInterrupt:
        run.leave("KILLED")
        raise
    except BaseException:
        run.leave("FAILED")
        raise


def _installed(package: str) -> bool:
    """Whether `package` can be imported; a folder of that name in the working folder is not the package."""
    spec = importlib.util.find_spec(package)
    return spec is not None and spec.origin is not None
