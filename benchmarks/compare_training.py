"""Does the package train and name signs on a CPU as fast as others do? Written to `results/rivals-cpu.json`.

    python benchmarks/compare_training.py PYTHON

PYTHON is an interpreter of another environment that has PyTorch and OpenVINO. Training: the notebook's network on
noise, each side at the batch and in the precision that suit it best, as short trials tell; then in turn. PyTorch has
channels last and bfloat16 by autocast; its step keeps no average of the weights, which ours does. Naming:
what `roadsigns.load().classify_pixels` takes for 2,048 pictures and for one, as bytes, against one call of a plain
session of ONNX Runtime and of OpenVINO on the same file. A good number: 1.0, and for one picture 0.87.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
from rival import AbsentError, Rival
from rows import compare, described, write
from stopwatch import seconds

from roadsigns import backend, classifier, models
from roadsigns.config import TrainOptions
from roadsigns.data import Split

ROUNDS = 9
TRIAL, ROUND = 1024, 2048
"""Pictures of a trial and of a round."""
BATCHES = (64, 256)
PRECISIONS = ("float32", "bfloat16")
MODES = ("eager", "compile")
AT_ONCE = 2048
COMPILE_SECONDS = 300.0


def ours(batch: int, precision: str) -> Callable[[int], float]:
    """Seconds that the package takes for so many pictures."""
    from roadsigns.train import epochs, run

    random = np.random.default_rng(0)
    options = TrainOptions(batch_size=batch, precision=precision)
    runner = epochs.Steps(run.build(options, ROUND), options)
    numbers = itertools.count(1)
    placed = {}
    for count in (TRIAL, ROUND):
        images = random.integers(0, 256, (count, 32, 32, 3), np.uint8)
        placed[count] = runner.place(Split(images, random.integers(0, 43, count)))
    runner.train(placed[TRIAL], next(numbers))
    return lambda count: seconds(lambda: runner.train(placed[count], next(numbers)))


def theirs(python: str, batch: int, precision: str, mode: str) -> tuple[Rival, Callable[[int], float]]:
    """The same of PyTorch, and its process."""
    rival = Rival(python)
    asked = {"network": "notebook", "batch": batch, "mode": mode, "precision": precision, "task": "training"}
    rival.ask(asked, COMPILE_SECONDS)
    return rival, lambda count: rival.ask({"steps": count // batch}, COMPILE_SECONDS)["seconds"]


def training(python: str) -> Iterator[dict[str, Any]]:
    """The rows of training: PyTorch eager and compiled, each at its best."""
    own = {form: ours(*form) for form in itertools.product(BATCHES, PRECISIONS)}
    own_best = min(own, key=lambda form: own[form](TRIAL))
    for mode in MODES:
        taken: dict[tuple[int, str], float] = {}
        for form in itertools.product(BATCHES, PRECISIONS):
            rival, run = theirs(python, *form, mode)
            taken[form] = run(TRIAL)
            rival.close()
        best = min(taken, key=lambda form: taken[form])
        rival, run = theirs(python, *best, mode)
        pairs = in_turn(lambda: own[own_best](ROUND), lambda run=run: run(ROUND), ROUND)
        rival.close()
        subject = f"roadsigns train, batch {own_best[0]}, {own_best[1]}"
        title = f"PyTorch {rival.version}, {mode}, channels last, batch {best[0]}, {best[1]}"
        yield row(*pairs, subject, title, task="training")


def in_turn(one: Callable[[], float], other: Callable[[], float], images: int) -> tuple[list[float], list[float]]:
    """Images a second of both, a round after the other, the order turned each time; a round to warm up."""
    rates: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        order = (0, 1) if number % 2 else (1, 0)
        for side in order:
            rates[side].append(images / (one, other)[side]())
    return rates[0][1:], rates[1][1:]


def naming(python: str) -> Iterator[dict[str, Any]]:
    """The rows of inference, of many pictures and of one."""
    import onnxruntime

    model = models.find(models.DEFAULT)
    named = classifier.load(model)
    session = onnxruntime.InferenceSession(str(model.onnx), providers=["CPUExecutionProvider"])
    for count, calls in ((AT_ONCE, 1), (1, 200)):
        images = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)

        def plain(images: np.ndarray = images) -> np.ndarray:
            x = np.divide(images, np.float32(255), dtype=np.float32)
            return np.asarray(session.run(["y"], {"x": x})[0])

        np.testing.assert_allclose(named.classify_pixels(images), plain(), atol=1e-5)

        def repeated(call: Callable[[], Any], calls: int = calls) -> float:
            return seconds(lambda: [call() for _ in range(calls)])

        def own(images: np.ndarray = images, repeated: Any = repeated) -> float:
            return repeated(lambda: named.classify_pixels(images))

        facts = {"task": "naming", "images": count}
        subject = f"roadsigns.load({models.DEFAULT!r}).classify_pixels, {count} at once"
        title = f"ONNX Runtime {version('onnxruntime')}, a plain session"
        pairs = in_turn(own, lambda repeated=repeated, plain=plain: repeated(plain), count * calls)
        yield row(*pairs, subject, title, **facts)
        try:
            rival = Rival(python, "openvino_inference.py")
        except AbsentError as error:
            print(f"OpenVINO is left out: {error}")
            continue
        rival.ask({"model": str(model.onnx), "batch": count, "channels": 3}, COMPILE_SECONDS)

        def run(rival: Rival = rival, calls: int = calls) -> float:
            return float(rival.ask({"steps": calls}, COMPILE_SECONDS)["seconds"])

        yield row(*in_turn(own, run, count * calls), subject, f"OpenVINO {rival.version}", **facts)
        rival.close()


def row(own: list[float], other: list[float], subject: str, rival: str, **facts: Any) -> dict[str, Any]:
    """A row, printed."""
    found = compare(own, other, subject, rival, **facts)
    ratio = found["ratio"]
    print(
        f"{subject} : {rival}  {found['subject_value']['median']:,.0f} : {found['rival_value']['median']:,.0f}  "
        f"ratio {ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})",
        flush=True,
    )
    return found


def main(python: str) -> None:
    """Measure, and write the rows as they come: what is cut off keeps those that are done."""
    backend.start()
    common = described("rivals-cpu", "compare_training.py PYTHON")
    rows: list[dict[str, Any]] = []
    for each in itertools.chain(training(python), naming(python)):
        rows.append({**common, **each})
        write("rivals-cpu", rows)
    print(json.dumps([each["ratio"]["median"] for each in rows]))


if __name__ == "__main__":
    main(sys.argv[1])
