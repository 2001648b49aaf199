"""The moving average of the weights. A network is judged and exported with it, while training goes on beside.

Single steps throw the weights about; their average lies nearer to the middle of what they circle. It costs no second
training and changes nothing in the training itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
from keras import ops

from ..networks import answers, warp  # noqa: F401  Keras finds our layers by their registration
from ..networks.layers import AVERAGE_WARM_UP


@keras.saving.register_keras_serializable(package="roadsigns")
class AveragingAdam(keras.optimizers.Adam):
    """Adam that keeps beside each weight its exponential moving average, saved and restored with its own state.

    Step number `n` (from 0) moves the average by `max(1 - momentum, AVERAGE_WARM_UP / (AVERAGE_WARM_UP + n))` of its
    distance to the weight: the first step takes the weight itself, and short trainings have forgotten their random
    start. The moving statistics of `networks.layers.BatchNormalization` are averaged alike.

    Args:
        learning_rate: Adam's step size.
        average_momentum: share of the average that a step keeps, in [0, 1); 0 makes it the weight itself.
        weight_decay: share, times the step size, that a step takes off each kernel; biases and scales are left alone.

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 30,
    1992; the warm-up is that of TensorFlow's `tf.train.ExponentialMovingAverage(num_updates=...)` with another start.
    Weight decay: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        average_momentum: float = 0.0,
        weight_decay: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay or None, **kwargs)
        self.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.average_momentum = average_momentum

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self.averages = self.add_optimizer_variables(variables, "average")

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        super().update_step(gradient, variable, learning_rate)
        average = self.averages[self._get_variable_index(variable)]
        step = ops.cast(self.iterations, variable.dtype)
        rate = ops.maximum(1.0 - self.average_momentum, AVERAGE_WARM_UP / (AVERAGE_WARM_UP + step))
        self.assign(average, average * (1 - rate) + variable * rate)  # exactly the weight at a rate of 1

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "average_momentum": self.average_momentum}


@contextlib.contextmanager
def taken(model: keras.Model) -> Iterator[None]:
    """Within, `model` has the averages that its AveragingAdam keeps as weights; afterwards its own again."""
    own = [ops.copy(weight) for weight in model.trainable_variables]
    _assign(model, model.optimizer.averages)
    try:
        yield
    finally:
        _assign(model, own)


def take(model: keras.Model) -> None:
    """Give `model` the averages that its AveragingAdam keeps as weights, for good."""
    _assign(model, model.optimizer.averages)


def restore(path: Path) -> keras.Model:
    """The model of a `.keras` file as it was trained with AveragingAdam, ready to be trained on.

    Raises:
        ValueError: the file holds no such optimizer.
        Exception: the file is damaged; Keras raises whatever the damage leads to.
    """
    model = keras.saving.load_model(path)
    if not isinstance(model.optimizer, AveragingAdam):
        raise ValueError("It lacks the optimizer's state")
    return model


def load(path: Path) -> keras.Model:
    """The model of such a file with its averages as weights, and no optimizer; raises as `restore` does."""
    averages = restore(path).optimizer.averages
    model = keras.saving.load_model(path, compile=False)
    _assign(model, averages)
    return model


def _assign(model: keras.Model, values: Sequence[Any]) -> None:
    for weight, value in zip(model.trainable_variables, values, strict=True):
        weight.assign(ops.copy(value))  # a copy: under JAX two variables may not share memory that a step gives up
