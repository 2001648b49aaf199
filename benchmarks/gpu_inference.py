"""The parts of `gpu.py` that name signs, and that prepare pictures."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import numpy as np
from form import Form, noise
from gpu_report import Report
from inference_engines import engines
from stopwatch import rounds, seconds

from roadsigns import keras_file, machine, models
from roadsigns.networks import answers
from roadsigns.preprocess import preprocess
from roadsigns.train import augment

BATCHES = (1, 32, 256, 2048, 16_384)
ROUNDS = 5
NETWORKS = ("notebook", "small")
# Least that answers may be apart from Keras's in float32; bfloat16 has three digits.
TOLERANCE = {"float32": 0.02, "bfloat16": 0.1}


def on_the_device(report: Report) -> None:
    """Compiled JAX on pictures that are on the device already, whose answers stay there."""
    if machine.versions()["backend"] != "jax":
        return
    import jax
    from compiled_epoch import forward

    loaded = {network: keras_file.load(models.shipped(network)) for network in NETWORKS}
    if report.on_cpu:
        forms = [Form(network, 32, "float32") for network in NETWORKS]
    else:
        forms = [Form(batch=4096), Form(batch=4096, chunk=512), Form(batch=16_384, chunk=1024), Form("small", 4096)]
        forms += [Form(batch=batch) for batch in reversed(BATCHES)]
        forms += [Form(batch=4096, precision="float32"), Form("small", 16_384, chunk=1024)]
        forms += [Form(batch=batch, precision="float32") for batch in reversed(BATCHES)]
    for form in forms:

        def measured(form: Form = form) -> dict[str, Any]:
            model = loaded[form.network]
            host = noise(form.network, form.batch)[0]
            images = jax.device_put(host)
            start = time.perf_counter()
            call = forward(model, form, images)
            compile_seconds = time.perf_counter() - start
            wanted = answers.probabilities(model, _x(host[:32]))
            found = _checked(np.asarray(call(images)), wanted, form.precision)
            taken = rounds(lambda: call(images).block_until_ready(), ROUNDS, 0.3, 0.02)
            found |= report.rate(form.batch, taken, 2 * answers.multiply_adds(model), form.precision)
            return {**found, "compile_seconds": compile_seconds}

        facts = {"part": "inference", "transfers": False, **asdict(form)}
        report.row(f"compiled JAX, on the device: {form}", measured, 6, **facts)


def from_the_host(report: Report) -> None:
    """From pictures in the host's memory to answers there, by each engine."""
    batches = BATCHES[:3] if report.quick and report.on_cpu else BATCHES
    for network in NETWORKS:
        images = noise(network, max(batches))[0]
        wanted = answers.probabilities(keras_file.load(models.shipped(network)), _x(images[:32]))
        for title, engine in engines(network):
            for batch in batches:
                facts = {"part": "inference", "network": network, "batch": batch, "transfers": True}
                if isinstance(engine, str):
                    report.absent(f"{title}: {network}, batch {batch}", engine, **facts)
                    continue

                def measured(
                    engine: Any = engine,
                    part: np.ndarray = images[:batch],
                    wanted: np.ndarray = wanted,
                    title: str = title,
                ) -> dict[str, Any]:
                    found = _checked(engine(part), wanted, "bfloat16" if "bfloat16" in title else "float32")
                    return {**report.rate(len(part), rounds(lambda: engine(part), ROUNDS, 0.2, 0.02)), **found}

                report.row(f"{title}: {network}, batch {batch}", measured, 2, **facts)


def _x(images: np.ndarray) -> np.ndarray:
    return np.divide(images, np.float32(255), dtype=np.float32)


def _checked(made: np.ndarray, wanted: np.ndarray, precision: str) -> dict[str, float]:
    """How far the answers are from Keras's; raises where that is more than the precision explains."""
    count = min(len(made), len(wanted))
    apart = float(np.abs(made[:count] - wanted[:count]).max())
    if not apart <= TOLERANCE[precision]:
        raise ValueError(f"the answers are {apart:.3f} from Keras's")
    return {"furthest_from_keras": apart}


def preparation(report: Report) -> None:
    """Preprocessing in NumPy, and augmentation on the device."""
    count = 256 if report.on_cpu else 4096
    images = noise("small", count)[0]
    labels = np.zeros(count, np.int32)
    for channels, title in ((1, "grey and equalised"), (3, "colours")):

        def prepared(channels: int = channels) -> dict[str, Any]:
            return report.rate(count, rounds(lambda: preprocess(images, channels), ROUNDS, 0.2))

        report.row(f"preprocessing, NumPy: {title}, batch {count}", prepared, 1, part="preprocessing", batch=count)

    def augmented() -> dict[str, Any]:
        call, seed = augment.compiled(augment.Amounts()), np.array([1, 2], np.int32)
        compile_seconds = seconds(lambda: np.asarray(call(images, labels, seed)[0]))
        x, classes = (np.asarray(each) for each in call(images, labels, seed))
        if not (np.isfinite(x).all() and x.shape == images.shape and len(classes) == count):
            raise ValueError("the augmented pictures are none")
        taken = rounds(lambda: np.asarray(call(images, labels, seed)[1]), ROUNDS, 0.3)
        return {**report.rate(count, taken), "compile_seconds": compile_seconds}

    report.row(f"augmentation, on the device: batch {count}", augmented, 5, part="augmentation", batch=count)
