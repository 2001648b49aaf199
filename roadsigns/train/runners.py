"""Who runs the epochs of a training, and the pictures of each made ready for it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import keras

from ..config import TrainOptions
from ..data import Dataset
from . import compiled, devices, epochs


def runner(model: keras.Model, options: TrainOptions) -> epochs.Steps | compiled.Compiled:
    """The runner that trains `model`, by the backend and the devices that there are."""
    number = devices.count(options)
    if compiled.suits(number):
        return compiled.Compiled(model, options)
    if number > 1:
        from .mirrored import Mirrored  # which knows TensorFlow alone

        return Mirrored(model, options)
    return epochs.Steps(model, options)


def pictures(
    runner: epochs.Steps | compiled.Compiled, dataset: Dataset, options: TrainOptions, first: int
) -> Iterator[Any]:
    """The pictures of each epoch from number `first` on, made ready by `runner`.

    While an accelerator trains, the processor's cores draw the signs of the epoch after.
    """

    def placed(epoch: int) -> Any:
        return runner.place(dataset.train if epoch == 1 else dataset.redrawn(epoch))

    if not options.redraw:
        yield from itertools.repeat(runner.place(dataset.train))
    numbers = range(first, options.epochs + 1)
    if isinstance(runner, epochs.Steps):
        yield from map(placed, numbers)
        return
    with futures.ThreadPoolExecutor(1) as ahead:
        ready = ahead.submit(placed, first)
        for number in numbers:
            pictures = ready.result()
            if number < options.epochs:
                ready = ahead.submit(placed, number + 1)
            yield pictures
