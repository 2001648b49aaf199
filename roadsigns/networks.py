"""The networks, all with one signature: pictures and two keep probabilities in, 43 class scores out.

A keep probability is the share of units *kept*, the complement of Keras's drop rate. It is an input like the pictures:
1 is exact and free of random numbers; below 1 units drop whoever asks, in training or not.

Everything here runs on Keras 3 with the TensorFlow or the JAX backend.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops

from . import signs
from .preprocess import SIZE

_PACKAGE = "roadsigns"
_fresh_noise: ContextVar[bool] = ContextVar("fresh_noise", default=False)


@contextlib.contextmanager
def fresh_noise() -> Iterator[None]:
    """Let models that are traced within (TensorFlow only) drop units by numbers that no seed determines."""
    token = _fresh_noise.set(True)
    try:
        yield
    finally:
        _fresh_noise.reset(token)


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
        # Drawn outside the condition: a seed that advances inside one branch is an error under JAX.
        seed = None if _fresh_noise.get() else self.seed_generator.next()

        def drop() -> Any:
            kept = _uniform(ops.shape(units), seed) < ops.cast(keep, "float32")
            return ops.where(kept, units / keep, ops.zeros_like(units))

        return ops.cond(ops.all(keep == 1), lambda: units, drop)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


def notebook(seed: int | None = None) -> keras.Model:
    """The seed notebook's network: six convolutions in three blocks, then three dense layers; 570,763 parameters.

    Inputs, by name: `x` float32 `(N, 32, 32, 1)`; `keep_prob` and `keep_prob_conv` float32 `(N,)` or, called directly,
    `(1,)`. Output: class scores (logits), float32 `(N, 43)`.

    Args:
        seed: whole number that determines the weights and the units that drop; None takes a new one.
    """
    seeds = itertools.repeat(None) if seed is None else itertools.count(seed * 1000 % 2**31)  # JAX takes 32 bits

    def weights() -> dict[str, Any]:
        normal = keras.initializers.TruncatedNormal(mean=0.0, stddev=0.1, seed=next(seeds))
        return {"kernel_initializer": normal, "bias_initializer": "zeros"}

    x, keep_prob, keep_prob_conv = signature()
    keep = KeepProbability("keep_prob")(keep_prob)
    keep_conv = KeepProbability("keep_prob_conv")(keep_prob_conv)

    h = x
    for block, filters in enumerate((32, 64, 128), start=1):
        for number in (1, 2):
            h = layers.Conv2D(
                filters, 3, padding="same", activation="relu", name=f"block{block}_conv{number}", **weights()
            )(h)
        h = layers.MaxPooling2D(2, name=f"block{block}_pool")(h)  # 16x16x32, 8x8x64, 4x4x128
        h = KeepProbDropout(next(seeds), name=f"block{block}_drop")([h, keep_conv])
    h = layers.Flatten(name="flatten")(h)  # 2048
    for number in (1, 2):
        h = layers.Dense(128, activation="relu", name=f"dense{number}", **weights())(h)
        h = KeepProbDropout(next(seeds), name=f"dense{number}_drop")([h, keep])
    scores = layers.Dense(signs.COUNT, name="scores", **weights())(h)
    return keras.Model(
        inputs={"x": x, "keep_prob": keep_prob, "keep_prob_conv": keep_prob_conv}, outputs=scores, name="notebook"
    )


def signature() -> tuple[Any, Any, Any]:
    """The inputs that every network has: `x`, `keep_prob`, `keep_prob_conv`."""
    return (
        keras.Input((SIZE, SIZE, 1), dtype="float32", name="x"),
        keras.Input((), dtype="float32", name="keep_prob"),
        keras.Input((), dtype="float32", name="keep_prob_conv"),
    )


def feed(x: npt.NDArray[np.float32], keep_prob: Any = 1.0, keep_prob_conv: Any = 1.0) -> dict[str, Any]:
    """The inputs of a network, checked, each with one row per answer.

    Args:
        x: float32, shape `(N, 32, 32, 1)`, values in [0, 1].
        keep_prob: share of dense units kept, in (0, 1]: a scalar, `[1]`-shaped, or one value per image; with one image
            also n values, which ask for n answers.
        keep_prob_conv: share of convolution outputs kept, likewise.

    Returns:
        `x`, `keep_prob` and `keep_prob_conv`, float32 arrays of equal length.

    Raises:
        TypeError: `x` is not float32.
        ValueError: `x` has another shape; a keep probability outside (0, 1], NaN included; as many values as neither 1
            nor the images.
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float32:
        raise TypeError(f"`x` must be a NumPy array of float32. Received: {getattr(x, 'dtype', type(x).__name__)}")
    if x.shape[1:] != (SIZE, SIZE, 1):
        raise ValueError(f"`x` must have shape (N, {SIZE}, {SIZE}, 1). Received: shape {x.shape}")
    keeps = {"keep_prob": np.asarray(keep_prob, np.float32), "keep_prob_conv": np.asarray(keep_prob_conv, np.float32)}
    answers = len(x) if len(x) != 1 else max(1, *(keep.size for keep in keeps.values()))
    for name, keep in keeps.items():
        if not np.all((keep > 0) & (keep <= 1)):
            given = keep_prob if name == "keep_prob" else keep_prob_conv
            raise ValueError(f"Invalid value for `{name}`: expected numbers in (0, 1]. Received: {given}")
        if keep.ndim > 1 or keep.size not in (1, answers):
            raise ValueError(
                f"Invalid shape of `{name}`: expected one number, or one for each of {answers} answers. "
                f"Received: shape {keep.shape}"
            )
        keeps[name] = np.broadcast_to(keep, (answers,))
    return {"x": np.broadcast_to(x, (answers, *x.shape[1:])), **keeps}


def probabilities(
    model: keras.Model,
    x: npt.NDArray[np.float32],
    keep_prob: Any = 1.0,
    keep_prob_conv: Any = 1.0,
    *,
    batch_size: int = 256,
) -> npt.NDArray[np.float32]:
    """What a network says: the probability of each class, float32 `(answers, 43)`.

    Arguments and errors as in `feed`; `batch_size` is the number of images that pass through the network at once.
    """
    inputs = feed(x, keep_prob, keep_prob_conv)
    if not len(inputs["x"]):
        return np.zeros((0, signs.COUNT), np.float32)
    starts = range(0, len(inputs["x"]), batch_size)
    batches = ({name: value[start : start + batch_size] for name, value in inputs.items()} for start in starts)
    # Batch by batch: `predict` takes a tenth of a second to set up, whatever the number of images.
    scores = np.concatenate([np.asarray(model.predict_on_batch(batch)) for batch in batches])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def multiply_adds(model: keras.Model) -> int:
    """Multiply-adds that one image takes in the convolutions and dense layers of `model`."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            total += int(np.prod(layer.output.shape[1:3])) * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


def reseed(model: keras.Model, *key: int) -> None:
    """Let `key` alone determine which units `model` drops from here on."""
    for layer in model.layers:
        if isinstance(layer, KeepProbDropout):
            name = int.from_bytes(layer.name.encode(), "big")
            state = np.random.SeedSequence([*key, name]).generate_state(2) >> 1  # fits an int32 too
            layer.seed_generator.state.assign(state.astype(np.int32))


def _is_concrete(value: Any) -> bool:
    """Whether `value` is a number that can be read now, not a placeholder in a function under compilation."""
    import jax

    return not isinstance(value, jax.core.Tracer)


def _uniform(shape: Any, seed: Any) -> Any:
    """Random numbers in [0, 1) by a seed that is drawn already; by none at all where `seed` is None."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        if seed is None:  # seeds 0, 0 ask for numbers that differ at every start, whatever seed TensorFlow was given
            return tf.raw_ops.RandomUniform(shape=shape, dtype=tf.float32, seed=0, seed2=0)
        return tf.random.stateless_uniform(shape, seed)
    return keras.random.uniform(shape, seed=seed)
