"""The part of `gpu.py` that trains: the epoch in the forms that are compared, and as `roadsigns train` runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from form import Form, noise
from gpu_report import Report
from stopwatch import rounds, seconds

from roadsigns import machine
from roadsigns.config import TrainOptions
from roadsigns.data import Split
from roadsigns.networks import answers
from roadsigns.train import compiled, epochs, run

PICTURES = 34_799
BATCHES = (4096, 1024, 256, 64)
ROUNDS = 5


def measure(report: Report) -> dict[int, Any]:
    """All rows; by batch, the fastest training of the notebook's network, ready to go on."""
    if report.on_cpu:  # XLA's convolutions in loops take a CPU seconds a step
        first, batches, forms = Form(batch=8), (), [] if report.quick else [Form(batch=8, precision="float32")]
    else:
        first, batches = Form(batch=BATCHES[0]), BATCHES[1:]
        forms = [
            Form(pool="window"),
            Form(pool="halves"),
            Form(precision="float32"),
            Form("small", augment=1.0),
            Form(unroll=2),
        ]
        forms += [Form("small", 256, augment=1.0), Form(batch=256, precision="float32"), Form("small")]
    kept: dict[int, Any] = {}
    if machine.versions()["backend"] == "jax":
        for batch in (first.batch, *batches):
            kept[batch] = _epoch(report, replace(first, batch=batch))
    _package(report, first.batch)
    for form in forms if kept else ():
        made = _epoch(report, form)
        if form.network == "notebook" and _rate(made) > _rate(kept[form.batch]):
            kept[form.batch] = made
    return {batch: made for batch, made in kept.items() if made is not None}


def _rate(made: Any) -> float:
    return made.rate if made else 0.0


def _epoch(report: Report, form: Form) -> Any:
    """Measure one form; what was measured, or None."""
    from compiled_epoch import Training

    made: Training | None = None

    def measured() -> dict[str, Any]:
        nonlocal made
        training = Training(form, *noise(form.network, 2 * form.batch if report.on_cpu else PICTURES))
        compile_seconds = seconds(training.compile)
        taken = _taken(report, training.epoch)
        # Forward, and twice as many back; two operations a multiply-add.
        found = report.rate(training.images, taken, 6 * answers.multiply_adds(training.model), form.precision)
        made, training.rate = training, found["value"]["median"]
        return {**found, "compile_seconds": compile_seconds, "temporary_bytes": training.temporary_bytes}

    report.row(f"epoch: {form}", measured, 10, part="training", **asdict(form))
    return made


def _taken(report: Report, call: Callable[[], Any]) -> list[float]:
    return rounds(call, 1 if report.on_cpu else ROUNDS, most_seconds=0.5)


def _package(report: Report, batch: int) -> None:
    """The epoch, and a single step asked for from Python, as `roadsigns train` and Keras run them."""
    count = PICTURES
    if report.on_cpu:
        batch, count = 64, 128 if report.quick else 1024
    random = np.random.default_rng(0)
    split = Split(random.integers(0, 256, (count, 32, 32, 3), np.uint8), random.integers(0, 43, count))
    for network, amount in (("notebook", 0.0), ("small", 1.0)):
        options = TrainOptions(network=network, batch_size=batch, precision="bfloat16", augment=amount)

        def epoch(options: TrainOptions = options) -> dict[str, Any]:
            model = run.build(options, count)
            train, numbers = _runner(model, options, split), iter(range(1, 1000))
            first = seconds(lambda: train(next(numbers)))
            taken = _taken(report, lambda: train(next(numbers)))
            operations = 6 * answers.multiply_adds(model)
            return {**report.rate(count, taken, operations, "bfloat16"), "compile_seconds": first - min(taken)}

        facts = {"part": "training", "network": network, "batch": batch, "augment": amount}
        changed = ", augmented" * bool(amount)
        report.row(f"roadsigns train, epoch: {network}, batch {batch}, bfloat16{changed}", epoch, 20, **facts)

    def step() -> dict[str, Any]:
        model = run.build(TrainOptions(), count)
        fed = answers.feed(random.random((batch, 32, 32, 1), np.float32), 0.5, 0.7)
        labels = random.integers(0, 43, batch)
        taken = _taken(report, lambda: np.asarray(model.train_on_batch(fed, labels)))
        return report.rate(batch, taken, 6 * answers.multiply_adds(model))

    report.row(f"Keras, train_on_batch: notebook, batch {batch}, float32", step, 10, part="training", batch=batch)


def _runner(model: Any, options: TrainOptions, split: Split) -> Callable[[int], Any]:
    """What trains the epoch of a number: compiled where the package compiles it, else step by step."""
    runner = compiled.Compiled(model, options) if compiled.suits() else epochs.Steps(model, options)
    placed = runner.place(split)
    return lambda epoch: runner.train(placed, epoch)
