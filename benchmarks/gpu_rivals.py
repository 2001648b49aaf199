"""The part of `gpu.py` that takes turns with rivals: PyTorch in a process of its own, and JAX without Keras."""

from __future__ import annotations

import itertools
from typing import Any

from form import Form, noise
from gpu_report import Report
from rival import AbsentError, Rival
from rows import compare
from stopwatch import rounds, seconds

from roadsigns import machine

MODES = ("reduce-overhead", "compile", "graph", "eager")
ROUND_SECONDS = 0.3
ROUNDS = 5
COMPILE_SECONDS = 100.0


def measure(report: Report, trained: dict[int, Any], python: str) -> None:
    """A comparison for each rival, mode and batch, while time is left.

    Args:
        report: what it is written into.
        trained: by batch, our training, ready to go on.
        python: an interpreter that has PyTorch.
    """
    if machine.versions()["backend"] != "jax":
        raise SystemExit("The rivals take turns with the compiled epoch: set KERAS_BACKEND=jax")
    for batch, ours in trained.items():
        _plain_jax(report, ours, batch)
    try:
        rival = Rival(python)
    except AbsentError as error:
        report.absent("PyTorch", str(error), part="rivals")
        return
    report.content["versions"]["torch"] = rival.version
    modes = MODES if not report.on_cpu else ("eager",) if report.quick else ("eager", "compile")
    inference = [("inference", "max-autotune" if not report.on_cpu else "eager", 4096 if not report.on_cpu else 32)]
    trainings = [("training", mode, batch) for mode, batch in itertools.product(modes, trained)]
    # What torch.compile makes of each batch with CUDA graphs, its best, first; then inference, then the other modes.
    order = trainings[: len(trained)] + inference + trainings[len(trained) :]
    try:
        for task, mode, batch in order:
            if not rival.alive:
                rival = Rival(python)
            title = f"PyTorch, {mode}: notebook, {task}, batch {batch}, bfloat16"
            if report.limit.left < 20:
                report.absent(title, "no time was left", part="rivals")
                continue
            try:
                _in_turn(report, rival, trained.get(batch), task, mode, batch)
            except AbsentError as error:
                report.absent(title, str(error), part="rivals")
    finally:
        rival.close()


def _in_turn(report: Report, rival: Rival, ours: Any, task: str, mode: str, batch: int) -> None:
    asked = {"network": "notebook", "batch": batch, "mode": mode, "precision": "bfloat16", "task": task}
    made = rival.ask(asked, min(COMPILE_SECONDS, report.limit.left))
    ours = ours or _Forward(batch)
    calls = max(1, round(ROUND_SECONDS / min(rounds(ours.epoch, 1, 0.0))))
    once = rival.ask({"steps": 3}, report.limit.left)["seconds"] / 3
    steps = max(1, round(ROUND_SECONDS / once))
    own, theirs = [], []
    for _ in range(ROUNDS if not report.on_cpu else 2):
        own.append(ours.images * calls / seconds(lambda: [ours.epoch() for _ in range(calls)]))
        theirs.append(batch * steps / rival.ask({"steps": steps}, report.limit.left + 30)["seconds"])
    subject = f"{'compiled epoch' if task == 'training' else 'compiled JAX'}: {ours.form}"
    facts = {"task": task, "batch": batch, "mode": mode, "rival_compile_seconds": made["compile_seconds"]}
    report.comparison(compare(own, theirs, subject, f"PyTorch {rival.version}, {mode}, bfloat16", **facts))


class _Forward:
    """Our forward pass, with the face of a training."""

    def __init__(self, batch: int) -> None:
        import jax
        from compiled_epoch import forward

        from roadsigns import keras_file, models

        self.form, self.images = Form(batch=batch), batch
        images = jax.device_put(noise("notebook", batch)[0])
        call = forward(keras_file.load(models.shipped("notebook")), self.form, images)
        self.epoch = lambda: call(images).block_until_ready()


def _plain_jax(report: Report, ours: Any, batch: int) -> None:
    """The same network and optimizer in JAX alone, in this process."""
    if report.limit.left < 20:
        return
    from rivals.plain_jax import Training

    try:
        rival = Training(batch, *noise("notebook", ours.images), pool=ours.form.pool)
        rival.compile()
        rival.epoch(), ours.epoch()
        own, theirs = [], []
        for _ in range(ROUNDS if not report.on_cpu else 1):
            own.append(ours.images / seconds(ours.epoch))
            theirs.append(rival.images / seconds(rival.epoch))
    except Exception as error:  # memory, or an operation that this device lacks: PyTorch is still wanted
        reason = f"{type(error).__name__}: {error}"[:300]
        report.absent(f"plain JAX: notebook, batch {batch}", reason, part="rivals")
        return
    report.comparison(compare(own, theirs, f"compiled epoch: {ours.form}", "plain JAX", task="training", batch=batch))
