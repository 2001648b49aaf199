"""TensorBoard's event files, read back by TensorFlow."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import tensorflow as tf

from roadsigns.train import tracking
from roadsigns.train.record import Record
from roadsigns.train.tensorboard import TensorBoard

FIGURES = {"test_loss": 0.5, "ece": 0.25, "best_epoch": 2.0}
RECORD = Record({}, 0.75, [], [], None, None, FIGURES, datetime(2026, 1, 1), datetime(2026, 1, 2))


def row(epoch: int) -> dict[str, float]:
    return {
        "epoch": epoch,
        "loss": 1 / epoch,
        "accuracy": 0.25 * epoch,
        "validation_loss": 2 / epoch,
        "validation_accuracy": 0.125 * epoch,
        "images_per_second": 100.0,
        "seconds": 3.0,
    }


def points(folder: Path) -> list[tuple[str, int, float]]:
    found = []
    for file in sorted(folder.glob("events.*")):
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            found += [(each.tag, event.step, float(tf.make_ndarray(each.tensor))) for each in event.summary.value]
    return found


def test_each_epoch_is_a_point_as_it_ends(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    board.begin({}, {}, [])
    board.tell(row(1))
    assert points(tmp_path) == [
        ("loss/train", 1, 1.0),
        ("loss/validation", 1, 2.0),
        ("accuracy/train", 1, 0.25),
        ("accuracy/validation", 1, 0.125),
        ("speed/images_per_second", 1, 100.0),
    ]
    board.finish(RECORD, None)
    assert points(tmp_path)[5:] == [
        ("accuracy/test", 2, 0.75),
        ("loss/test", 2, 0.5),
        ("calibration/test_ece", 2, 0.25),
    ]


def test_a_run_that_goes_on_writes_no_epoch_twice(tmp_path: Path) -> None:
    first = TensorBoard(tmp_path)
    first.begin({}, {}, [row(1)])  # told from the second epoch on: the first is there
    first.tell(row(2))
    again = TensorBoard(tmp_path)
    again.begin({}, {}, [row(1), row(2)])
    again.tell(row(3))
    assert sorted(step for tag, step, _ in points(tmp_path) if tag == "loss/train") == [1, 2, 3]


def test_both_trackers_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tracking.following("dotscience", tmp_path / "runs" / "a", tensorboard=tmp_path / "boards") as tracker:
        tracker.begin({}, {}, [])
        tracker.tell(row(1))
        tracker.finish(RECORD, None)
    assert len(points(tmp_path / "boards" / "a")) == 8
    assert capsys.readouterr().out.startswith("[[DOTSCIENCE-RUN:")
