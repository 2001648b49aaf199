"""A run with an epoch that costs nothing; whole runs are tested as a command."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from roadsigns import models
from roadsigns.classes import Classes
from roadsigns.config import TrainOptions
from roadsigns.data import Split
from roadsigns.errors import UsageError
from roadsigns.networks import answers
from roadsigns.train import folder, phases, run, runners
from roadsigns.train.history import Epoch

CLASSES = Classes(("left", "right"))
SPLIT = Split(np.zeros((6, 32, 32, 3), np.uint8), np.array([0, 1] * 3), 2)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def dataset(classes: Classes = CLASSES, **more: Any) -> Any:
    return SimpleNamespace(train=SPLIT, valid=SPLIT, classes=classes, manifest={}, source="drawn", **more)


class Runner:
    """Says how many epochs it has trained, in the place of a loss."""

    def __init__(self) -> None:
        self.epochs: list[int] = []

    def place(self, pictures: Any) -> Any:
        return pictures

    def train(self, pictures: Any, epoch: int) -> tuple[float, float]:
        assert pictures is SPLIT
        self.epochs.append(epoch)
        return float(len(self.epochs)), 0.5


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Runner:
    """In the place of steps, and of a network that is large."""

    def build(options: TrainOptions, pictures: int, classes: Classes) -> keras.Model:
        inputs, *_ = answers.signature(1)
        scores = keras.layers.Dense(2, name="scores")(keras.layers.GlobalAveragePooling2D()(inputs["x"]))
        model = keras.Model(inputs, scores)
        model = answers.with_classes(model, classes)
        phases.prepare(model, options, pictures, options.epochs)
        model.optimizer.build(model.trainable_variables)
        return model

    made = Runner()
    monkeypatch.setattr(run, "build", build)
    monkeypatch.setattr(runners, "runner", lambda *_: made)
    return made


def test_each_epoch_is_kept_and_told_and_a_run_goes_on_where_it_ended(runner: Runner) -> None:
    said: list[str] = []
    tracker = SimpleNamespace(begun=[], told=[])
    tracker.begin = lambda parameters, environment, history: tracker.begun.append(history)
    tracker.tell = tracker.told.append
    made = folder.start(TrainOptions(epochs=2, run_dir=Path("a")))
    run.fit(made, dataset(), said.append, tracker)
    assert [(row.epoch, row.loss) for row in made.history] == [(1, 1.0), (2, 2.0)]
    assert tracker.begun == [[]] and tracker.told == [dataclasses.asdict(row) for row in made.history]
    assert [line[:11] for line in said] == ["epoch   1/2", "epoch   2/2"]
    longer = folder.resume(TrainOptions(resume="a", epochs=3))
    run.fit(longer, dataset(), said.append, tracker)
    assert runner.epochs == [1, 2, 3] and len(tracker.begun[1]) == 2


def test_where_the_last_epoch_counts_short_ones_are_not_all_written(runner: Runner) -> None:
    made = folder.start(TrainOptions(epochs=3, run_dir=Path("a"), schedule="cosine"))
    run.fit(made, dataset(), lambda text: None)
    assert [path.name for path in sorted(Path("a").glob("*.keras"))] == ["epoch-0003.keras"]
    assert [row.epoch for row in made.history] == [1, 2, 3]


def test_a_run_does_not_go_on_with_other_classes(runner: Runner) -> None:
    run.fit(folder.start(TrainOptions(epochs=1, run_dir=Path("a"))), dataset(), lambda text: None)
    longer = folder.resume(TrainOptions(resume="a", epochs=2))
    message = (
        "The run in 'a' tells 2 classes apart (left, right), and --data drawn now has 2 (up, down). Start a new run"
    )
    with pytest.raises(UsageError, match=re.escape(message)):
        run.fit(longer, dataset(Classes(("up", "down"))), lambda text: None)


def test_the_next_commands_name_the_model_that_they_would_not_find() -> None:
    made = folder.start(TrainOptions(run_dir=Path("runs/my run")))
    lines = run._next_commands(made, None)
    assert lines == ["next:", "  roadsigns predict '--model=runs/my run' photo.jpg"]
    lines = run._next_commands(made, Path("elsewhere/1"))
    assert lines[1:] == [
        "  roadsigns predict --model=elsewhere/1 photo.jpg",
        "  roadsigns serve --model_base_path=elsewhere",
    ]


def test_the_newest_model_is_found_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find", lambda model: models.Model(Path("models/roadsigns/4")))
    made = folder.start(TrainOptions(run_dir=Path("a")))
    lines = run._next_commands(made, Path("models/roadsigns/4"))
    assert lines[1:] == ["  roadsigns predict photo.jpg", "  roadsigns serve", "  roadsigns app"]


def test_a_line_says_how_long_the_epochs_left_take() -> None:
    made = folder.start(TrainOptions(epochs=10, run_dir=Path("a")))
    line = run._line(Epoch(4, 0.5, 0.25, 1.0, 0.75, 1234.4, 20.0), made)
    assert line == ("epoch   4/10  loss 0.5000  accuracy  25.00%  validation  75.00%  1,234 images/s  0:02:00 left")
