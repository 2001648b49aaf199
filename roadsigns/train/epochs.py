"""One pass over the training pictures: their choice, their order, the step size, and the steps.

Everything random follows from the seed and the number of the epoch, so that a resumed run ends as an unbroken one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from .. import backend, signs
from ..classes import Classes
from ..config import TrainOptions
from ..console import progress
from ..data import Split
from ..networks import answers
from ..preprocess import preprocess
from . import augment

Step = Callable[[dict[str, Any], Any, Any], dict[str, float]]
"""A step: from the inputs of the network, labels `(N,)`, and weights of the pictures or None, to means by name."""

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


def step_size(
    pictures: int, options: TrainOptions, length: int | None = None
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The step size of a run, or how it changes from step to step.

    `cosine` rises to `learning_rate` in a line and falls to 0 along half a cosine at the last step of `length` epochs,
    by default of all of the run.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, without restarts;
    the warm-up is that of Goyal et al., "Accurate, large minibatch SGD", 2017.
    """
    if options.schedule == "constant":
        return options.learning_rate
    steps = (length or options.epochs) * -(-count(pictures, options) // options.batch_size)
    rise = steps // WARM_UP
    if not rise:
        return keras.optimizers.schedules.CosineDecay(options.learning_rate, steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - rise, warmup_target=options.learning_rate, warmup_steps=rise
    )


def augmentation_seed(options: TrainOptions, epoch: int, start: int) -> npt.NDArray[np.int32]:
    """The seed for augmenting the batch that begins at picture `start` of an epoch: int32 `(2,)`."""
    return (np.random.SeedSequence([options.seed, epoch, start]).generate_state(2) >> 1).astype(np.int32)


class Steps:
    """Runs epochs of `model` step by step, on any backend.

    Args:
        model: one of `networks`, compiled with the metric `accuracy`.
        options: of the run.
    """

    def __init__(self, model: keras.Model, options: TrainOptions) -> None:
        self._model = model
        self._options = options

    def again(self, options: TrainOptions) -> None:
        """Go on with options that differ in the seed alone."""
        self._options = options

    def place(self, split: Split) -> Pictures:
        """Pictures made ready."""
        model = self._model
        return Pictures(
            split,
            answers.channels(model),
            augment.asked(self._options),
            answers.classes(model),
            class_weights(split, self._options),
        )

    def train(self, pictures: Pictures, epoch: int) -> tuple[float, float]:
        """`train` for the epoch of that number."""
        with backend.precision(self._options.precision):
            return train(self._model, pictures, self._options, epoch)


def class_weights(split: Split, options: TrainOptions) -> npt.NDArray[np.float32] | None:
    """The weight of a picture of each class in the loss, float32 `(classes,)`; None where all count alike.

    `balanced` lets all classes that have pictures count alike, however many pictures they have; the mean weight is 1.
    """
    if options.class_weights != "balanced":
        return None
    pictures = np.bincount(split.labels, minlength=split.classes)
    there = np.count_nonzero(pictures)
    return (len(split) / (there * np.maximum(pictures, 1))).astype(np.float32)


def train(
    model: keras.Model, pictures: Pictures, options: TrainOptions, epoch: int, step: Step | None = None
) -> tuple[float, float]:
    """Train `model` for the epoch of that number.

    Args:
        model: one of `networks`, compiled with the metric `accuracy`.
        pictures: what it is trained on.
        options: of the run.
        epoch: its number, from 1.
        step: how a step is made; by default by `model` itself.

    Returns:
        Mean loss in nats and share of right answers over the epoch's pictures, each as it stood before its step.
    """
    step = step or alone(model)
    answers.reseed(model, options.seed, epoch)
    order = chosen(len(pictures), options, epoch)
    sums = dict.fromkeys(("loss", "accuracy"), 0.0)
    with progress(f"epoch {epoch}/{options.epochs}") as tell:
        for start in range(0, len(order), options.batch_size):
            part = order[start : start + options.batch_size]
            x, labels = pictures.batch(part, augmentation_seed(options, epoch, start))
            fed = answers.feed(x, options.keep_prob, options.keep_prob_conv)
            counted = None if pictures.weights is None else pictures.weights[labels]
            means = step(fed, labels, counted)
            for name in sums:
                sums[name] += float(means[name]) * len(part) / len(order)
            tell(start + len(part), len(order))
    return sums["loss"], sums["accuracy"]


def alone(model: keras.Model) -> Step:
    """Steps that `model` makes as Keras has them."""

    def step(fed: dict[str, Any], labels: Any, counted: Any) -> dict[str, float]:
        means: dict[str, float] = model.train_on_batch(fed, labels, sample_weight=counted, return_dict=True)
        return means

    return step


class Pictures:
    """Training pictures as a network sees them, each batch augmented afresh where that is asked for.

    Args:
        split: the pictures and their classes.
        channels: what the network sees, as `preprocess.preprocess` has it.
        amounts: how much they are changed; None leaves them as they are.
        classes: which of them may be mirrored.
        weights: what a picture of each class counts in the loss, see `class_weights`.
    """

    def __init__(
        self,
        split: Split,
        channels: int,
        amounts: augment.Amounts | None = None,
        classes: Classes = signs.CLASSES,
        weights: npt.NDArray[np.float32] | None = None,
    ) -> None:
        self.weights = weights
        self._channels = channels
        self._labels = split.labels
        self._images = split.images
        self._augment = augment.compiled(amounts, classes) if amounts else None
        if self._augment is None and channels == 1:  # once for all epochs: equalising takes longer than a step
            self._seen = preprocess(split.images)

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self._labels)

    def batch(self, part: npt.NDArray[np.int64], seed: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.float32], Any]:
        """Some of the pictures.

        Args:
            part: their indices.
            seed: int32 `(2,)`: determines how they are augmented.

        Returns:
            `x`, float32 `(N, 32, 32, channels)` in [0, 1], and int labels `(N,)`.
        """
        labels = self._labels[part]
        if self._augment is None:
            return (self._seen[part] if self._channels == 1 else preprocess(self._images[part], 3)), labels
        x, labels = self._augment(self._images[part], labels.astype(np.int32), seed)
        x, labels = np.asarray(x), np.asarray(labels)
        if self._channels == 1:
            x = preprocess(np.rint(x * 255).astype(np.uint8))
        return x, labels
