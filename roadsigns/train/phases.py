"""The phases of a run: a frozen body thaws, and a step size that has come to its end begins anew."""

from __future__ import annotations

from typing import Any

import keras

from .. import machine
from ..config import TrainOptions
from ..config.train import NOTHING
from ..networks.layers import BatchNormalization
from . import averages, epochs

FEW = 2000
"""With fewer training pictures, a network that begins with trained weights keeps its body for the first epochs."""
_SHARE = 5
_HEAD = ("scores", "classes")


def frozen_epochs(options: TrainOptions, pictures: int) -> int:
    """The number of epochs, from the first on, in which the head alone learns.

    Args:
        options: of the run.
        pictures: how many there are to learn from.
    """
    if options.start in (None, NOTHING):
        return 0
    if options.frozen_epochs is not None:
        return min(options.frozen_epochs, options.epochs)
    return options.epochs // _SHARE if pictures < FEW else 0


def prepare(model: keras.Model, options: TrainOptions, pictures: int, length: int | None = None) -> None:
    """Give `model` the optimizer and loss of a run.

    Args:
        model: one of `networks`.
        options: of the run.
        pictures: how many there are to learn from.
        length: epochs that a falling step size lasts for; None leaves the step size as it is.
    """
    rate: Any = options.learning_rate if length is None else epochs.step_size(pictures, options, length)
    model.compile(
        optimizer=averages.AveragingAdam(rate, options.average_momentum, options.weight_decay),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # XLA makes this network's convolutions several times slower on a CPU; JAX compiles in any case.
        jit_compile="auto" if machine.accelerator() or keras.config.backend() == "jax" else False,
    )


def freeze(model: keras.Model) -> None:
    """Have the head alone learn; the body's normalisation keeps its statistics."""
    for layer in model.layers:
        layer.trainable = layer.name in _HEAD


def begin(model: keras.Model, options: TrainOptions, pictures: int, epoch: int) -> bool:
    """Make `model` ready for the epoch of that number, if another phase of the run begins with it.

    Returns:
        Whether one begins; then `model` goes on from its averages, with a new optimizer.
    """
    frozen = frozen_epochs(options, pictures)
    is_frozen = not all(layer.trainable for layer in model.layers)
    if not (is_frozen and epoch > frozen) and not _is_over(model):
        return False
    averages.take(model)
    for layer in model.layers:
        layer.trainable = True
        if isinstance(layer, BatchNormalization):
            layer.steps.assign(0)  # of pictures of other classes, its statistics are soon forgotten
    prepare(model, options, pictures, options.epochs - epoch + 1)
    return True


def _is_over(model: keras.Model) -> bool:
    """Whether a falling step size has come to its end: a finished run that is given more epochs."""
    return int(model.optimizer.iterations) > 0 and float(model.optimizer.learning_rate) <= 0
