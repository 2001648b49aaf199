"""The main job, data to served-ready model: `python -m roadsigns.train`."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import backend, cli, machine
from ..config import TrainOptions
from ..console import note
from ..errors import UsageError
from ..verbs import TRAIN
from . import devices, folder, start, tracking
from .run import finish, fit

if TYPE_CHECKING:
    from ..data import Dataset


@TRAIN.command
def main(options: TrainOptions) -> None:
    """Fetch, read, preprocess, train, evaluate and export."""
    metrics = carry_out(options)
    if options.json and metrics:
        print(json.dumps(metrics))


def carry_out(options: TrainOptions) -> dict[str, Any]:
    """Do all that `main` does, and return the figures; none in a process that only trains with the first one."""
    from .. import data, export
    from ..console import quietly

    if options.resume is not None and options.config is not None:
        raise UsageError("--resume goes on with a run's own settings and --config begins another: give one of them")
    run = None if options.resume is None else folder.resume(options)
    options = start.settled(options) if run is None else run.options
    export.check_output(options.output, options.version)
    tracking.check(options.track, options.tensorboard)
    with quietly(options.quiet):
        dataset = data.load(options.data, options.data_dir, count=options.count, designs=options.designs)
        if len(dataset.classes) < 2:
            raise UsageError(f"--data {options.data} shows one class, {dataset.classes.some()}: expected 2 or more")
        if options.redraw:
            dataset.drawing()  # raises where nothing is drawn
        dataset.splits()  # read and checked before Keras is loaded
        _tell_absent(dataset)
        backend.start()
        follows = devices.processes(options)[1] > 0
        if follows:
            run = devices.follow(run, options)
        devices.join(options)
        run = run or folder.start(options)
        with run.alone():
            if not follows:
                return _carry_out(run, dataset)
            fit(run, dataset, lambda line: None)
            return {}


def _tell_absent(dataset: Dataset) -> None:
    if absent := dataset.train.absent():
        note(
            f"{len(absent)} of {len(dataset.classes)} classes have no pictures to train on "
            f"({dataset.classes.some(absent)}), so the model "
            "will not know them. Add pictures of them, or drawn ones as --data gtsrb+synthetic does"
        )


def _carry_out(run: folder.Run, dataset: Dataset) -> dict[str, Any]:
    """Train and finish `run`; an interrupt tells how to go on."""
    options = run.options
    say = _sayer(options)
    say(f"run {run.path}, backend {machine.versions()['backend']}, seed {options.seed}")
    say(dataset.summary)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        stream = sys.stderr if options.json else sys.stdout
        with tracking.following(options.track, run.path, stream, options.tensorboard) as tracker:
            fit(run, dataset, say, tracker)
            return finish(run, dataset, say, tracker)
    except KeyboardInterrupt:
        kept = f"epoch {run.kept} is kept" if run.kept else "no whole epoch yet"
        way = shlex.join(["roadsigns", "train", f"--resume={run.path}"])
        print(f"Interrupted; {kept}. Go on with: {way}", file=sys.stderr)
        raise


def _sayer(options: TrainOptions) -> Callable[[str], None]:
    """The function that prints a line at once, on stderr where stdout is for JSON; with --quiet it prints nothing."""
    stream = sys.stderr if options.json else sys.stdout

    def say(line: str) -> None:
        if not options.quiet:
            with cli.reader_may_leave(stream):  # as `head` does; the training goes on
                print(line, file=stream, flush=True)

    return say


if __name__ == "__main__":
    sys.exit(main())
