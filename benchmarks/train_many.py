"""Trains many networks side by side on one accelerator, on real signs and a pool of drawn ones that they share.

    python benchmarks/train_many.py JOBS.json DATA RUNS [--at-once 4] [--drawings 20] [--count 34800]

`JOBS.json` is a list of objects: `name`, options of `roadsigns train` by name, and fields of `Job`, such as
`{"name": "small-0", "recipe": "best", "network": "small", "epochs": 100, "seed": 0}`. `DATA` is what `--data` takes.
Each job is a run in `RUNS/NAME`, as `roadsigns train` makes one. Finished jobs are left alone, so that the same call
goes on after a break; a file that grows is read again.

A card trains faster than cores draw: the jobs share `--drawings` sets of `--count` signs, drawn once and kept beside
the runs. Epoch E takes set E modulo that number, so that a hundred epochs see each drawn picture five times.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from roadsigns import data, files
from roadsigns.config import TrainOptions
from roadsigns.data import Dataset, Split, synthetic

_FIRST = 2001  # part of the seed of the first set: the splits and epochs of `roadsigns train` come before


@dataclass(frozen=True)
class Job:
    """What a job asks for beside the options of `roadsigns train`.

    Attributes:
        drawn_only: leave the real signs out of training and validation.
        scored_on: `valid` keeps the test set out of what is only a trial: the figures called `test_...` are then
            those of the real validation pictures.
        withheld: classes that training does not see.
        without: one of `PARTS`: `transformer` leaves the spatial transformer out of the network, `colour` shows it
            grey.
    """

    drawn_only: bool = False
    scored_on: str = "test"
    withheld: Sequence[int] = ()
    without: str = ""


PARTS = ("transformer", "colour")
"""What `without` leaves out of the networks."""


@contextlib.contextmanager
def without(part: str) -> Iterator[None]:
    """Leave a part out of the networks that are made and used meanwhile.

    Args:
        part: one of `PARTS`, or nothing.

    Raises:
        ValueError: there is no such part.
    """
    if part and part not in PARTS:
        raise ValueError(f"Invalid value for `without`: expected one of {', '.join(PARTS)}. Received: {part!r}")
    from keras import ops

    from roadsigns.networks import blocks, layers

    standardize = layers.Standardize.call

    def grey(self: Any, x: Any) -> Any:
        return standardize(self, 0 * x + ops.mean(x, axis=3, keepdims=True))

    changed = {
        "transformer": (blocks, "straightened", lambda x, units, seeds: x),
        "colour": (layers.Standardize, "call", grey),
    }
    with mock.patch.object(*changed[part]) if part else contextlib.nullcontext():
        yield


class Pool:
    """Sets of drawn signs in a folder, which a process fills while others read."""

    def __init__(self, folder: Path, sets: int, count: int) -> None:
        self.folder, self.sets, self.count = folder, sets, count

    def draw(self) -> None:
        """Draw the sets that are not there yet, or wait for a process that does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with files.locked(self.folder, waiting=lambda: say("waiting for the process that draws")):
            for number in range(self.sets):
                if not self._path(number).exists():
                    images, labels = synthetic.draw(self.count, part=_FIRST + number, processes=synthetic.cores())
                    with files.beside(self._path(number)) as fresh, fresh.open("wb") as file:
                        np.savez(file, images=images, labels=labels)

    def split(self, epoch: int) -> Split:
        """The signs of an epoch from 1 on; waits until they are there."""
        path = self._path((epoch - 1) % self.sets)
        while not path.exists():
            time.sleep(0.1)
        with np.load(path) as arrays:
            return Split(arrays["images"], arrays["labels"])

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:04d}.npz"


class Pooled(Dataset):
    """Real signs with those of a pool, which change from epoch to epoch; or, in training, the pool's alone."""

    def __init__(self, real: Dataset, pool: Pool, job: Job, redraw: bool) -> None:
        super().__init__(trained_on(job, redraw), real.path)
        self._real, self._pool, self._job = real, pool, job

    @property
    def parts(self) -> Sequence[Dataset]:
        return self._real.parts

    @property
    def kind(self) -> str:
        return self.source

    @property
    def manifest(self) -> dict[str, Any]:
        return {**self._real.manifest, "source": self.source, "drawn_sets": self._pool.sets, "of": self._pool.count}

    def split(self, name: Any) -> Split:
        if name == "train":
            return self._kept(self._real.train) if self.source == "gtsrb" else self.redrawn(1)
        if name == "test":
            return self._real.split(self._job.scored_on)
        if self._job.drawn_only:  # no real picture has a say before the test
            images, labels = synthetic.draw(4300, part=1, processes=synthetic.cores())
            return Split(images, labels)
        return self._real.split(name)

    def redrawn(self, epoch: int) -> Split:
        first = self._pool.split(2 * epoch) if self._job.drawn_only else self._real.train
        second = self._pool.split(2 * epoch + 1 if self._job.drawn_only else epoch)
        both = zip((first.images, first.labels), (second.images, second.labels), strict=True)
        return self._kept(Split(*(np.concatenate(pair) for pair in both)))

    def _kept(self, split: Split) -> Split:
        return split.where(~np.isin(split.labels, self._job.withheld))


def trained_on(job: Job, redraw: bool) -> str:
    """What `--data` of `roadsigns train` calls the pictures that a job learns from."""
    return {(True, False): "gtsrb+synthetic", (True, True): "synthetic", (False, False): "gtsrb"}[
        redraw, job.drawn_only
    ]


def asked(job: dict[str, Any], runs: Path) -> tuple[Job, TrainOptions]:
    """What an object of `JOBS.json` asks for, and the options that its run records."""
    extra = {item.name: job[item.name] for item in fields(Job) if item.name in job}
    path = runs / job["name"]
    given = {name: value for name, value in job.items() if name != "name" and name not in extra}
    options = TrainOptions(**given, run_dir=path, output=runs / "exports" / path.name)
    return Job(**extra), replace(options, data=trained_on(Job(**extra), options.redraw))


def run(job: dict[str, Any], source: str, runs: Path, pool: Pool) -> None:
    """One job in this process."""
    from roadsigns import backend

    backend.start()
    from roadsigns.train import folder
    from roadsigns.train import run as training

    extra, options = asked(job, runs)
    begun = options.run_dir is not None and (options.run_dir / "config.json").exists()
    work = folder.resume(TrainOptions(resume=str(options.run_dir))) if begun else folder.start(options)
    dataset = Pooled(data.load(source), pool, extra, options.redraw)
    with without(extra.without), work.alone():
        training.fit(work, dataset, say)
        training.finish(work, dataset, say)


def say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("jobs", type=Path)
    parser.add_argument("data")
    parser.add_argument("runs", type=Path)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--drawings", type=int, default=20)
    parser.add_argument("--count", type=int, default=34_800)
    parser.add_argument("--one", help="the name of the only job to run, in this process")
    arguments = parser.parse_args()
    pool = Pool(arguments.runs / "drawn", arguments.drawings, arguments.count)
    if arguments.one == "draw":
        pool.draw()
    elif arguments.one:
        job = next(job for job in json.loads(arguments.jobs.read_text()) if job["name"] == arguments.one)
        run(job, arguments.data, arguments.runs, pool)
    else:
        side_by_side(arguments)


def side_by_side(arguments: argparse.Namespace) -> None:
    """Run all jobs, so many at a time, each in a process of its own that says what it does to `NAME.log`."""
    arguments.runs.mkdir(parents=True, exist_ok=True)
    # A process takes three quarters of the card's memory unless it is told otherwise.
    environment = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}

    def start(name: str) -> subprocess.Popen[bytes]:
        with (arguments.runs / f"{name}.log").open("ab") as log:
            command = [sys.executable, *sys.argv, "--one", name]
            return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)

    drawing = start("draw")
    running: dict[str, subprocess.Popen[bytes]] = {}
    begun: set[str] = set()
    while True:
        for name in [name for name, child in running.items() if child.poll() is not None]:
            say(f"{time.strftime('%X')} {name} ended with {running.pop(name).returncode}")
        names = [job["name"] for job in json.loads(arguments.jobs.read_text())]
        waiting = [
            name for name in names if name not in begun and not (arguments.runs / name / "metrics.json").exists()
        ]
        while waiting and len(running) < arguments.at_once:
            name = waiting.pop(0)
            begun.add(name)
            running[name] = start(name)
            say(f"{time.strftime('%X')} {name} begins")
        if not running and not waiting:
            break
        time.sleep(0.5)
    drawing.wait()


if __name__ == "__main__":
    main()
