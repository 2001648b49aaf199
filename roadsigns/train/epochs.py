"""One pass over the training pictures: which of them, in what order, at what step size, step by step.

Everything random follows from the seed and the number of the epoch, so that a resumed run ends as an unbroken one.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from .. import networks
from ..config import TrainOptions
from ..console import Tell, progress

WARM_UP = 20
"""With the schedule `cosine`, one in this many steps passes while the step size rises."""


def chosen(pictures: int, options: TrainOptions, epoch: int) -> npt.NDArray[np.int64]:
    """The pictures of an epoch in their order: `use_image_percent` of all, drawn afresh.

    Args:
        pictures: how many there are.
        options: of the run.
        epoch: its number, from 1.

    Returns:
        Their indices, int64 `(count,)`.
    """
    return np.random.default_rng([options.seed, epoch]).permutation(pictures)[: count(pictures, options)]


def count(pictures: int, options: TrainOptions) -> int:
    """How many pictures an epoch takes: at least one; 1 % of 34,799 is the notebook's 347."""
    return max(1, int(pictures * options.use_image_percent / 100))


def step_size(pictures: int, options: TrainOptions) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The step size of a run, or how it changes from step to step.

    `cosine` rises to `learning_rate` in a line and falls to 0 along half a cosine at the run's last step.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, without restarts;
    the warm-up is that of Goyal et al., "Accurate, large minibatch SGD", 2017.
    """
    if options.schedule == "constant":
        return options.learning_rate
    steps = options.epochs * -(-count(pictures, options) // options.batch_size)
    rise = steps // WARM_UP
    if not rise:
        return keras.optimizers.schedules.CosineDecay(options.learning_rate, steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - rise, warmup_target=options.learning_rate, warmup_steps=rise
    )


def train(
    model: keras.Model,
    x: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    options: TrainOptions,
    epoch: int,
) -> tuple[float, float]:
    """Train `model` for the epoch of that number.

    Args:
        model: one of `networks`, compiled with the metric `accuracy`.
        x: all pictures, float32 `(N, 32, 32, 1)`.
        labels: their class ids, int64 `(N,)`.
        options: of the run.
        epoch: its number, from 1.

    Returns:
        Mean loss in nats and share of right answers over the epoch's pictures, each as it stood before its step.
    """
    networks.reseed(model, options.seed, epoch)
    # On a GPU `fit` keeps JAX's weights there between two steps; on a CPU its pipeline of data holds TensorFlow up.
    steps = _fit if keras.config.backend() == "jax" else _step
    with progress(f"epoch {epoch}/{options.epochs}") as tell:
        logs = steps(model, x, labels, chosen(len(labels), options, epoch), options, tell)
    return float(logs["loss"]), float(logs["accuracy"])


def _step(
    model: keras.Model, x: Any, labels: Any, order: npt.NDArray[np.int64], options: TrainOptions, tell: Tell
) -> dict[str, Any]:
    sums = dict.fromkeys(("loss", "accuracy"), 0.0)
    for start in range(0, len(order), options.batch_size):
        part = order[start : start + options.batch_size]
        fed = networks.feed(x[part], options.keep_prob, options.keep_prob_conv)
        means = model.train_on_batch(fed, labels[part], return_dict=True)
        for name in sums:
            sums[name] += float(means[name]) * len(part) / len(order)
        tell(start + len(part), len(order))
    return sums


def _fit(
    model: keras.Model, x: Any, labels: Any, order: npt.NDArray[np.int64], options: TrainOptions, tell: Tell
) -> dict[str, Any]:
    size = options.batch_size
    bar = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: tell(min((batch + 1) * size, len(order)), len(order))
    )
    fed = networks.feed(x[order], options.keep_prob, options.keep_prob_conv)
    history = model.fit(fed, labels[order], batch_size=size, shuffle=False, verbose=0, callbacks=[bar]).history
    return {name: values[0] for name, values in history.items()}
