"""A run from its first epoch to its figures: `fit` trains, `finish` takes the best epoch to test, plots and export."""

from __future__ import annotations

import dataclasses
import datetime
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import backend, machine, models, signs
from ..classes import Classes, numbered
from ..config import TrainOptions
from ..config.train import NOTHING
from ..errors import UsageError
from ..files import beside, write_json
from . import folder
from .history import Epoch
from .record import Record
from .tracking import Nobody, Tracker

if TYPE_CHECKING:
    import keras

    from ..data import Dataset

KEEP_SECONDS = 10.0
"""With a schedule that ends at 0, a run that ends early loses no more than the epochs of so many seconds."""


@backend.own_settings()
def fit(run: folder.Run, dataset: Dataset, say: Any = print, tracker: Tracker = Nobody()) -> None:  # noqa: B008
    """Train the epochs that `run` still lacks, keeping each whole one in its folder and telling `tracker` of it.

    Where the device has no room for the first epoch's batches, the run begins anew with half as large ones.
    """
    from . import room

    for difference in run.begin(_environment(dataset)):
        say(f"the run goes on in another environment, so its result may differ: {difference}")
    model = _load_or_build(run, dataset)
    tracker.begin(_parameters(run, dataset, model), run.environment, [dataclasses.asdict(row) for row in run.history])
    while True:
        try:
            _epochs(run, model, dataset, say, tracker)
            return
        except Exception as error:
            smaller = room.halved(run.options, error, learnt=bool(run.history))
        say(
            f"--batch-size {run.options.batch_size} needs more memory than the device has: "
            f"the run begins anew with {smaller.batch_size}"
        )
        run.begin_anew(smaller)
        model = _load_or_build(run, dataset)


def _epochs(run: folder.Run, model: keras.Model, dataset: Dataset, say: Any, tracker: Tracker) -> None:
    """Train `model` for the epochs that `run` still lacks."""
    from .. import scores
    from ..networks import answers
    from ..preprocess import preprocess
    from . import averages, epochs, phases, runners

    options = run.options
    channels = answers.channels(model)
    runner = runners.runner(model, options)
    x_valid = preprocess(dataset.valid.images, channels)
    slow = isinstance(runner, epochs.Steps) and not backend.has_fast_bfloat16()
    if options.precision != "float32" and slow:
        say(f"this machine has no fast {options.precision}: training multiplies float32")
    coming = runners.pictures(runner, dataset, options, len(run.history) + 1)
    kept = time.perf_counter()
    for epoch in range(len(run.history) + 1, options.epochs + 1):
        started = time.perf_counter()
        if phases.begin(model, options, len(dataset.train), epoch):
            runner = runners.runner(model, options)
            coming = runners.pictures(runner, dataset, options, epoch)
        pictures = next(coming)
        ready = time.perf_counter()
        loss, accuracy = runner.train(pictures, epoch)
        trained = time.perf_counter()
        with averages.taken(model):
            valid = scores.score(answers.probabilities(model, x_valid), dataset.valid.labels)
        row = Epoch(
            epoch=epoch,
            loss=loss,
            accuracy=accuracy,
            validation_loss=valid.loss,
            validation_accuracy=valid.accuracy,
            images_per_second=epochs.count(len(pictures), options) / (trained - ready),
            seconds=time.perf_counter() - started,
        )
        # Where epochs take a second each, not every one is written, but the last one is.
        if options.schedule == "constant" or epoch == options.epochs or time.perf_counter() - kept >= KEEP_SECONDS:
            run.keep(row, model.save)
            kept = time.perf_counter()
        else:
            run.note(row)
        say(_line(row, run))
        tracker.tell(dataclasses.asdict(row))


@backend.own_settings()
def finish(
    run: folder.Run,
    dataset: Dataset,
    say: Any = print,
    tracker: Tracker = Nobody(),  # noqa: B008
) -> dict[str, Any]:
    """Calibrate the chosen epoch of `run`, score it on the test set, export it, and complete the run's folder.

    Returns:
        The figures as they stand in `metrics.json`, with the keys of the project's result files.
    """
    from .. import export, report, scores
    from ..networks import answers
    from ..preprocess import preprocess
    from . import averages, calibrate, curves, doubts

    options = run.options
    chosen = run.chosen
    with run.reading(chosen.epoch) as path:
        model = averages.load(path)
    channels = answers.channels(model)
    temperature = calibrate.calibrate(model, preprocess(dataset.valid.images, channels), dataset.valid.labels)
    parameters = model.count_params()
    model = doubts.fitted(model, dataset.train.images, options.seed)
    with beside(run.path / "model.keras") as fresh:
        model.save(fresh)
    split = dataset.test
    study = report.Study(
        dataset.source, "test", split.images, split.labels, dataset.classes.names, split.sizes, dataset.drawings
    )
    subject = report.Subject(
        run.path.name, lambda pictures: answers.probabilities(model, preprocess(pictures, channels)), study
    )
    test = scores.score(subject.probabilities, split.labels)
    curves.draw(run.history).save(run.path / "curves.png")
    exported = export.export_apart(run.path / "model.keras", options.output, options.version, say)
    metrics = {
        "name": run.path.name,
        "command": shlex.join(["python", "-m", "roadsigns.train", *options.flags()]),
        "date": datetime.date.today().isoformat(),
        **run.environment,
        "network": model.name,
        "parameters": parameters,
        "multiply_adds": answers.multiply_adds(model),
        "recipe": options.recipe,
        "trained_on": dataset.kind,
        "seeds": [options.seed],
        "epochs": options.epochs,
        "best_epoch": chosen.epoch,
        "train_minutes": round(sum(row.seconds for row in run.history) / 60, 2),
        "validation_accuracy": chosen.validation_accuracy,
        "test_accuracy": test.accuracy,
        "test_loss": test.loss,
        "ece": test.ece,
        "temperature": temperature,
        "classes": list(dataset.classes.names),
        "class_accuracies": test.class_accuracies(),
        "exported": None if exported is None else str(exported),
    }
    write_json(run.path / "metrics.json", metrics)
    facts = {name: metrics[name] for name in ("command", "commit", "machine", "versions")}
    report.write(run.path, study, subject, corrupt=False, facts=facts)
    say(f"epoch {chosen.epoch}: validation {chosen.validation_accuracy:.2%}, test {test.accuracy:.2%}")
    say(f"wrote {run.path}/: config.json, history.csv, metrics.json, curves.png, model.keras, {report.PAGE}")
    if exported is not None:
        say(f"wrote {exported}: a SavedModel for TensorFlow Serving")
    for line in _next_commands(run, exported):
        say(line)
    tracker.finish(_record(run, dataset, metrics, exported), exported)
    return metrics


def _next_commands(run: folder.Run, exported: Path | None) -> list[str]:
    """What a person may do with the model now, as lines to paste."""
    if exported is not None and models.find(None).path == exported:
        lines = [["predict", "photo.jpg"], ["serve"], ["app"]]
    elif exported is not None:
        lines = [["predict", f"--model={exported}", "photo.jpg"], ["serve", f"--model_base_path={exported.parent}"]]
    else:
        lines = [["predict", f"--model={run.path}", "photo.jpg"]]
    return ["next:", *("  " + shlex.join(["roadsigns", *line]) for line in lines)]


def _environment(dataset: Dataset) -> dict[str, Any]:
    """All that determines the result beside the options, by the names of the result files."""
    return {
        **machine.description(),
        "data": {**dataset.manifest, "source": Path(dataset.source).name},
    }


def _parameters(run: folder.Run, dataset: Dataset, model: keras.Model) -> dict[str, Any]:
    """The parameters of the run by name: every option that is no path, and figures that follow from the data."""
    from ..networks import answers

    places = {item.name for item in dataclasses.fields(run.options) if item.metadata["place"]}
    asked = {name: value for name, value in run.options.as_json().items() if name not in places}
    facts = {"network_parameters": model.count_params(), "multiply_adds": answers.multiply_adds(model)}
    return {**asked, **_notebooks_parameters(run.options, dataset), **facts}


def _notebooks_parameters(options: TrainOptions, dataset: Dataset) -> dict[str, Any]:
    from . import epochs

    size = epochs.count(len(dataset.train), options)
    return {"epochs": options.epochs, "training_size": size, "optimizer": "adam"}


def _record(run: folder.Run, dataset: Dataset, metrics: dict[str, Any], exported: Path | None) -> Record:
    """What a tracker is told of a finished run."""
    import importlib.metadata

    return Record(
        parameters=_notebooks_parameters(run.options, dataset),
        accuracy=metrics["test_accuracy"],
        figures={name: metrics[name] for name in ("test_loss", "ece", "temperature", "best_epoch", "train_minutes")},
        inputs=[dataset.path],
        outputs=[] if exported is None else [exported],
        model_directory=None if exported is None else run.options.output,
        framework_version=None if exported is None else importlib.metadata.version("tensorflow"),
        start=run.started,
        end=datetime.datetime.now(),
    )


def _load_or_build(run: folder.Run, dataset: Dataset) -> keras.Model:
    from ..networks import answers
    from . import averages

    if not run.history:
        return build(run.options, len(dataset.train), dataset.classes)
    with run.reading(len(run.history)) as path:
        model = averages.restore(path)
    known = answers.classes(model)
    if known.names != dataset.classes.names and known != numbered(len(dataset.classes)):
        raise UsageError(
            f"The run in {str(run.path)!r} tells {len(known)} classes apart ({known.some()}), and --data "
            f"{dataset.source} now has {len(dataset.classes)} ({dataset.classes.some()}). Start a new run"
        )
    return model


def build(options: TrainOptions, pictures: int, classes: Classes = signs.CLASSES) -> keras.Model:
    """The network of `options`, compiled to be trained on so many pictures of these classes."""
    from .. import networks
    from . import phases, start

    if options.start in (None, NOTHING):
        model = networks.build(options.network, options.seed, classes)
    else:
        model = start.network(options, classes)
    frozen = phases.frozen_epochs(options, pictures)
    if frozen:
        phases.freeze(model)
    phases.prepare(model, options, pictures, None if frozen else options.epochs)
    return model


def _line(row: Epoch, run: folder.Run) -> str:
    left = (run.options.epochs - row.epoch) * row.seconds
    return (
        f"epoch {row.epoch:3d}/{run.options.epochs}  loss {row.loss:.4f}  accuracy {row.accuracy:7.2%}  "
        f"validation {row.validation_accuracy:7.2%}  {row.images_per_second:,.0f} images/s  "
        f"{datetime.timedelta(seconds=round(left))} left"
    )
