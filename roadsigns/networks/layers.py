"""The layers of the networks that Keras does not have: keep probabilities as inputs, standardising, and others.

Each runs on the TensorFlow and the JAX backend.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .. import backend
from ..no_sign import Rule
from . import random_numbers

AVERAGE_WARM_UP = 10
"""Until the window that a momentum asks for is full, about one in this many of the steps so far counts."""

_PACKAGE = "roadsigns"


@keras.saving.register_keras_serializable(package=_PACKAGE)
class KeepProbability(layers.Layer):
    """Passes keep probabilities on if they lie in (0, 1], NaN excluded.

    Args:
        argument: the name that errors give the values.

    Input and output: float32, shape `(n,)`.

    Raises:
        ValueError: a value outside (0, 1], called eagerly with the JAX backend.
        tf.errors.InvalidArgumentError: the same with the TensorFlow backend, as an assertion in any graph. Inside a
            function that JAX compiles nothing can raise: check before it, as `probabilities` does.
    """

    def __init__(self, argument: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.argument = argument

    def call(self, keep: Any) -> Any:
        good = ops.all(ops.logical_and(keep > 0, keep <= 1))  # a NaN compares false
        message = f"Invalid value for `{self.argument}`: expected numbers in (0, 1]. Received:"
        if keras.config.backend() == "tensorflow":
            import tensorflow as tf

            with tf.control_dependencies([tf.debugging.Assert(good, [message, keep])]):
                return tf.identity(keep)
        if _is_concrete(good) and not good:
            raise ValueError(f"{message} {np.asarray(keep)}")
        return keep

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "argument": self.argument}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class KeepProbDropout(layers.Layer):
    """TensorFlow 1's `tf.nn.dropout(h, keep)`: keeps each unit with probability `keep` and divides it by `keep`.

    Depends on the value fed and on nothing else: there is no training flag. At 1 the units pass unchanged and no
    random number is drawn.

    Args:
        seed: whole number that determines which units drop; None takes a new one.

    Input: the units, shape `(N, ...)`, and their keep probabilities in (0, 1], shape `(N,)` or `(1,)`.
    Output: shape `(N, ...)`.

    Source: Srivastava et al., "Dropout", JMLR 15, 2014; TensorFlow 1.13, `tf.nn.dropout`.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any) -> Any:
        units, keep = inputs
        keep = ops.cast(ops.reshape(keep, (-1,) + (1,) * (len(units.shape) - 1)), units.dtype)
        draw = random_numbers.given()
        # Drawn outside the condition: a seed that advances inside one branch is an error under JAX.
        seed = None if draw else self.seed_generator.next()

        def drop() -> Any:
            numbers = draw(units) if draw else random_numbers.uniform(ops.shape(units), seed)
            return ops.where(numbers < ops.cast(keep, "float32"), units / keep, ops.zeros_like(units))

        return ops.cond(ops.all(keep == 1), lambda: units, drop)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class BatchNormalization(layers.BatchNormalization):
    """Keras's, with moving statistics that are averaged as the optimizer averages the weights.

    Weights that are the mean of many steps need statistics over the same steps. So step number `n` (from 0) moves them
    by `max(1 - momentum, AVERAGE_WARM_UP / (AVERAGE_WARM_UP + n))` of their distance to those of its batch.

    Args:
        momentum: share of the moving statistics that a step keeps, in [0, 1).
        **kwargs: Keras's own.

    Source: Ioffe and Szegedy, "Batch normalization", ICML 2015.
    """

    def __init__(self, momentum: float = 0.998, **kwargs: Any) -> None:
        super().__init__(momentum=momentum, **kwargs)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.steps = self.add_weight((), "zeros", trainable=False, name="steps")

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if not (training and self.trainable):
            return super().call(inputs, training=False, mask=mask)
        x = ops.cast(inputs, "float32")
        mean, variance = ops.moments(x, self._reduction_axes, synchronized=backend.devices() > 1)
        # With `backend.precision` TensorFlow multiplies float32 in bfloat16, which loses the small steps of an average.
        long = "float64" if keras.config.backend() == "tensorflow" else "float32"
        kept = ops.cast(ops.minimum(self.momentum, self.steps / (AVERAGE_WARM_UP + self.steps)), long)
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average = ops.cast(moving, long) * kept + ops.cast(now, long) * (1 - kept)
            moving.assign(ops.cast(average, "float32"))
        self.steps.assign(self.steps + 1)
        y = ops.batch_normalization(x, mean, variance, self.axis, self.beta, self.gamma, self.epsilon)
        return ops.cast(y, self.compute_dtype)


@keras.saving.register_keras_serializable(package=_PACKAGE)
class Standardize(layers.Layer):
    """Gives each picture a mean of 0 and a deviation of 1 over all its pixels and channels.

    A picture of one colour becomes zeros: the deviation is taken as at least `LEAST`.

    Input and output: float32, shape `(N, H, W, C)`.

    Source: Ciresan et al., "Multi-column deep neural network for traffic sign classification", Neural Networks 32,
    2012, for the idea; TensorFlow's `tf.image.per_image_standardization` for the bound.
    """

    LEAST = 1 / 255

    def call(self, x: Any) -> Any:
        centred = x - ops.mean(x, axis=(1, 2, 3), keepdims=True)
        deviation = ops.sqrt(ops.mean(ops.square(centred), axis=(1, 2, 3), keepdims=True))
        return centred / ops.maximum(deviation, self.LEAST)


@keras.saving.register_keras_serializable(package=_PACKAGE)
class NoSign(layers.Layer):
    """Passes the scores on, and keeps the rule that says of them how likely the picture shows none of the classes.

    So the rule lies in the same file as the weights that it was fitted to; see `roadsigns.no_sign`.

    Args:
        pairs: whether the rule weighs each two classes; False in files of earlier versions.

    Input and output: scores, shape `(N, classes)`.
    """

    def __init__(self, pairs: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pairs = pairs

    def build(self, input_shape: Any) -> None:
        classes = input_shape[-1]
        square = (classes, classes) if self.pairs else (classes,)
        self.linear = self.add_weight((classes,), "zeros", trainable=False, name="linear")
        self.square = self.add_weight(square, "zeros", trainable=False, name="square")
        self.bias = self.add_weight((), "zeros", trainable=False, name="bias")

    def call(self, scores: Any) -> Any:
        return scores

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pairs": self.pairs}

    @property
    def rule(self) -> Rule:
        """The rule as it is now."""
        linear, square, bias = (np.asarray(weight, np.float64) for weight in (self.linear, self.square, self.bias))
        return Rule(linear, square, float(bias))

    @rule.setter
    def rule(self, rule: Rule) -> None:
        self.linear.assign(rule.linear)
        self.square.assign(rule.square)
        self.bias.assign(rule.bias)


def _is_concrete(value: Any) -> bool:
    """Whether `value` is a number that can be read now, not a placeholder in a function under compilation."""
    import jax

    return not isinstance(value, jax.core.Tracer)
