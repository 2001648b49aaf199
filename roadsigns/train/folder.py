"""A training run's folder: settings, history, and the model after each epoch that still matters.

    config.json     the options of the run, written first
    environment.json  what else decides the result: versions, machine, commit, data; as the run began
    history.csv     one row per whole epoch
    epoch-0007.keras  the newest epoch and the chosen one, with the optimizer's state; the newest is what --resume takes
    model.keras     the chosen epoch, calibrated, without the optimizer's state
    metrics.json    the figures, written last: a run without it is unfinished; metrics-0030.json are those of a run that
                    was finished after 30 epochs and then given more
    curves.png      loss and accuracy by epoch
    mlflow.json     the id of the run in MLflow, where that is told

The model of an epoch and its row are written before older ones are removed, each whole or not at all, so a run that is
ended at any moment can go on from its last whole epoch. One process at a time trains in the folder.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import re
import shlex
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ..config import TrainOptions
from ..errors import ModelError, UsageError
from ..files import beside, locked, sweep, write_json
from . import history
from .history import Epoch

RUNS = Path("runs")
_HISTORY = "history.csv"


class Run:
    """The folder of one run.

    Attributes:
        path: the folder.
        options: what the run was started with.
        history: its whole epochs, in order.
    """

    def __init__(self, path: Path, options: TrainOptions, history: list[Epoch]) -> None:
        self.path = path
        self.options = options
        self.history = history

    @property
    def chosen(self) -> Epoch:
        """The epoch whose weights the run ends with, of those whose model is in the folder.

        Where the step size falls to 0, the last epoch: no other is better, and nothing is chosen. Otherwise the epoch
        of the highest validation accuracy; among equals that of the lowest validation loss.
        """
        there = [row for row in self.history if self.checkpoint(row.epoch).exists()] or self.history
        if self.options.schedule == "cosine":
            return there[-1]
        return max(there, key=lambda row: (row.validation_accuracy, -row.validation_loss))

    def begin(self, environment: dict[str, Any]) -> list[str]:
        """Write down the environment of the run. Where the run goes on, name what has changed since.

        Returns:
            A line for each difference that can change the result, empty for a new run.

        Raises:
            ModelError: `environment.json` is damaged.
        """
        path = self.path / "environment.json"
        if not path.exists():
            write_json(path, environment)
            return []
        began = self.environment
        return [
            f"{name}: {was} when the run began, now {now}"
            for part in ("versions", "machine")
            for name, was, now in _differences(began.get(part, {}), environment.get(part, {}))
        ]

    @property
    def environment(self) -> dict[str, Any]:
        """The environment in which the run began."""
        path = self.path / "environment.json"
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise ModelError(f"Damaged {str(path)!r}: {error}. Start a new run without --resume") from error

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process from training in the folder, and read what another one has written there meanwhile.

        Raises:
            UsageError: one trains in it right now.
            ModelError: its files are damaged.
        """
        with _held(self.path):
            self._lengthen()
            self.history = _history(self.path)
            yield

    def begin_anew(self, options: TrainOptions) -> None:
        """Write down that a run that has no whole epoch yet begins once more, with other options."""
        write_json(self.path / "config.json", options.as_json())
        self.options = options

    def _lengthen(self) -> None:
        """Write down that the run was given more epochs; the figures of a finished one are kept beside."""
        before = _read_options(self.path / "config.json").epochs
        if before == self.options.epochs:
            return
        write_json(self.path / "config.json", self.options.as_json())
        if (self.path / "metrics.json").exists():
            (self.path / "metrics.json").rename(self.path / f"metrics-{before:04d}.json")

    @property
    def started(self) -> datetime:
        """When the run was started, local time: its settings were written first."""
        return datetime.fromtimestamp((self.path / "config.json").stat().st_mtime)

    def checkpoint(self, epoch: int) -> Path:
        """Where the model after `epoch` is kept."""
        return self.path / f"epoch-{epoch:04d}.keras"

    @contextlib.contextmanager
    def reading(self, epoch: int) -> Iterator[Path]:
        """Yield the path of the model after `epoch`, to be read.

        Raises:
            ModelError: the block raised, as the file is damaged; says how the run goes on without it.
            OSError: the system keeps the file from being read.
        """
        path = self.checkpoint(epoch)
        try:
            yield path
        except Exception as error:  # a damaged file raises whatever the damage leads to
            if isinstance(error, OSError) and error.errno is not None:
                raise
            reason = " ".join(str(error).split())[:200].rstrip(".")
            raise ModelError(f"Damaged model {str(path)!r}: {reason}. {self._way_around(path)}") from error

    def _way_around(self, damaged: Path) -> str:
        others = [row.epoch for row in self.history if self.checkpoint(row.epoch) != damaged]
        whole = [epoch for epoch in others if _is_whole(self.checkpoint(epoch))]
        if not whole:
            return "No other epoch is kept. Start a new run without --resume"
        remove = shlex.join(["rm", "--", str(damaged)])
        resume = shlex.join(["roadsigns", "train", f"--resume={self.path}"])
        return f"Without that file the run goes on from epoch {whole[-1]}: {remove} && {resume}"

    @property
    def kept(self) -> int:
        """The number of the newest epoch whose model is in the folder; 0 where none is."""
        return max((row.epoch for row in self.history if self.checkpoint(row.epoch).exists()), default=0)

    def note(self, row: Epoch) -> None:
        """Add an epoch, to be written together with the next one that is kept."""
        self.history = [*self.history, row]

    def keep(self, row: Epoch, save: Callable[[Path], None]) -> None:
        """Add an epoch; `save` writes the model, with the optimizer's state, to the path it is given."""
        rows = [*self.history, row]
        history.write(self.path / _HISTORY, rows)
        with beside(self.checkpoint(row.epoch)) as fresh:
            save(fresh)
        self.history = rows
        wanted = {self.checkpoint(row.epoch), self.checkpoint(self.chosen.epoch)}
        for path in {self.checkpoint(each.epoch) for each in rows} - wanted:
            path.unlink(missing_ok=True)


def start(options: TrainOptions, now: datetime | None = None) -> Run:
    """Make the folder of a new run and write its settings.

    Raises:
        UsageError: `--run-dir` names a folder that is not empty.
        OSError: the folder cannot be written.
    """
    path = options.run_dir or _make_folder(f"{now or datetime.now():%Y-%m-%dT%H-%M-%S}-{options.seed}")
    taken = f"--run-dir {str(path)!r} is there already. Give a new folder, or go on with --resume {path}"
    if path.exists() and not path.is_dir():
        raise UsageError(taken)
    path.mkdir(parents=True, exist_ok=True)
    with _held(path):
        sweep(path)  # a run that was killed before it had settings is none
        if any(path.iterdir()):
            raise UsageError(taken)
        options = dataclasses.replace(options, run_dir=path)
        write_json(path / "config.json", options.as_json())
    return Run(path, options, [])


def resume(options: TrainOptions) -> Run:
    """Open the run that `options.resume` names: a folder, or `newest` for the newest unfinished one in `runs/`.

    The run goes on with its own settings; where it exports to, what it tells, and more epochs may be given anew.

    Raises:
        UsageError: there is no such run, it is finished and not given more epochs, or `options` asks for other
            settings than its own.
        ModelError: its files are damaged.
    """
    path = _newest() if options.resume == "newest" else Path(options.resume or "")
    if not (path / "config.json").is_file():
        raise UsageError(f"There is no run in {str(path)!r}: expected a folder with config.json. See {RUNS}/")
    stored = _read_options(path / "config.json")
    is_longer = "epochs" in options.asked and options.epochs > stored.epochs
    if (path / "metrics.json").exists() and not is_longer:
        raise UsageError(
            f"The run in {str(path)!r} is finished. Give it more than its {stored.epochs} epochs with --epochs, or "
            "start a new one without --resume"
        )
    changes = _changes(options, stored, path)
    told: dict[str, Any] = {"json": options.json, "quiet": options.quiet}
    return Run(path, dataclasses.replace(stored, run_dir=path, **told, **changes), _history(path))


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(path))
        except BlockingIOError:
            raise UsageError(f"Another process trains in {str(path)!r}. Wait for it, or take another folder") from None
        yield


def _is_whole(path: Path) -> bool:
    """Whether every byte of a `.keras` file, which is a zip, is as it was written."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except Exception:  # as in `reading`
        return False


def _differences(was: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(name, was.get(name), now.get(name)) for name in {**was, **now} if was.get(name) != now.get(name)]


def _make_folder(stem: str) -> Path:
    """A new folder in `runs/`. Of two runs that start in the same second, each makes its own."""
    for number in itertools.count(1):
        path = RUNS / (stem if number == 1 else f"{stem}-{number}")
        with contextlib.suppress(FileExistsError):
            path.mkdir(parents=True)
            break
    return path


def _newest() -> Path:
    unfinished = [path.parent for path in RUNS.glob("*/config.json") if not (path.parent / "metrics.json").exists()]
    if not unfinished:
        raise UsageError(f"There is no unfinished run in {RUNS}/ to resume. Start one without --resume")
    return max(unfinished, key=lambda path: (path / "config.json").stat().st_mtime_ns)


def _read_options(path: Path) -> TrainOptions:
    try:
        # The file that the run itself took its settings from has no say any more.
        return TrainOptions(**{**json.loads(path.read_text(encoding="utf-8")), "config": None})
    except (ValueError, TypeError, UsageError) as error:
        raise ModelError(f"Damaged settings in {str(path)!r}: {error}. Start a new run without --resume") from error


def _changes(given: TrainOptions, stored: TrainOptions, path: Path) -> dict[str, Any]:
    """What `given` asks for that differs from `stored`; UsageError where that would make it another run."""
    changes = {}
    for item in dataclasses.fields(TrainOptions):
        asked, own = getattr(given, item.name), getattr(stored, item.name)
        told = item.name in ("resume", "json", "quiet", "run_dir", "config")
        if told or item.name not in given.asked or asked == own:
            continue
        is_longer = item.name == "epochs" and asked > own
        if not item.metadata["place"] and not is_longer:
            flag = TrainOptions.flag(item.name)
            anew = f"roadsigns train --config {shlex.quote(str(path))} {flag} {asked}"
            raise UsageError(
                f"The run was started with {flag} {own} and cannot go on with {asked}. Leave it out, or begin another "
                f"run like it: {anew}"
            )
        changes[item.name] = asked
    return changes


def _history(path: Path) -> list[Epoch]:
    """The rows up to the newest model: a row without one is from an epoch that was cut off."""
    numbers = [int(match[1]) for file in path.iterdir() if (match := re.fullmatch(r"epoch-(\d+)\.keras", file.name))]
    return history.read(path / _HISTORY, max(numbers)) if numbers else []
