"""A device without room for a batch: half of it where nothing is lost, and a line with a way out where something is."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from roadsigns import data
from roadsigns.config import TrainOptions
from roadsigns.errors import UsageError
from roadsigns.train import averages, devices, epochs, folder, room, run

OF_TENSORFLOW = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[4096,32,32,32]")
OF_JAX = RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 52428800000 bytes.")


@pytest.mark.parametrize("error", [OF_TENSORFLOW, OF_JAX])
def test_a_batch_is_halved(error: Exception) -> None:
    options = TrainOptions(batch_size=65, seed=3)
    assert room.halved(options, error, learnt=False) == dataclasses.replace(options, batch_size=32)


@pytest.mark.parametrize(
    ("options", "learnt", "way"),
    [
        (TrainOptions(batch_size=64), True, "--batch-size 64 needs more memory than the device has. Give --batch-size"),
        (TrainOptions(batch_size=1), False, "--batch-size 1 needs more memory than the device has. Give a smaller"),
        (TrainOptions(batch_size=20, devices=4), False, "Give --batch-size 10"),
    ],
)
def test_a_batch_that_cannot_be_halved_is_told(
    options: TrainOptions, learnt: bool, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_there", lambda: 4)
    with pytest.raises(UsageError, match=re.escape(way)):
        room.halved(options, OF_JAX, learnt=learnt)


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError):
        room.halved(TrainOptions(), ZeroDivisionError(), learnt=False)


def test_a_run_begins_anew_with_half_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same weights as of a run that was started with that half; its folder knows no other batch."""
    dataset = data.load("synthetic", tmp_path / "signs", count=43)
    trained, said = {}, []

    def fit(size: int) -> None:
        options = TrainOptions(network="tiny", batch_size=size, epochs=1, run_dir=tmp_path / str(size))
        work = folder.start(options)
        with work.alone():
            run.fit(work, dataset, said.append)
        trained[size] = averages.restore(work.checkpoint(1)).get_weights()
        assert work.options.batch_size == 20

    fit(20)
    train = epochs.train

    def short(model: Any, pictures: Any, options: TrainOptions, epoch: int) -> Any:
        means = train(model, pictures, options, epoch)  # some steps are made before memory is short
        if options.batch_size > 20:
            raise OF_TENSORFLOW
        return means

    monkeypatch.setattr(epochs, "train", short)
    said.clear()
    fit(80)
    assert [line for line in said if "memory" in line] == [
        "--batch-size 80 needs more memory than the device has: the run begins anew with 40",
        "--batch-size 40 needs more memory than the device has: the run begins anew with 20",
    ]
    assert json.loads((tmp_path / "80" / "config.json").read_text())["batch_size"] == 20
    for one, other in zip(trained[20], trained[80], strict=True):
        np.testing.assert_array_equal(one, other)
