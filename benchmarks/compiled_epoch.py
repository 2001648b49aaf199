"""An epoch of training, and a forward pass, each in one call that JAX compiles; in the forms that are compared."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from form import Form

from roadsigns import networks
from roadsigns.networks.layers import KeepProbability, NoSign, Standardize
from roadsigns.networks.warp import AffineWarp
from roadsigns.train import augment, averages
from roadsigns.train.lowering import lowered

KEEP_PROB, KEEP_PROB_CONV = 0.5, 0.7
LEARNING_RATE, AVERAGE_MOMENTUM = 0.001, 0.998


class Training:
    """The state of a network in training on the device, and the compiled call that takes it through an epoch.

    Args:
        form: how it is computed.
        images: uint8 `(N, 32, 32, channels)`.
        labels: int32 `(N,)`.
    """

    def __init__(self, form: Form, images: np.ndarray, labels: np.ndarray) -> None:
        self.form = form
        self.steps = max(1, len(images) // form.batch)
        self.images = self.steps * form.batch
        self.model = networks.build(form.network, seed=0)
        self.optimizer = averages.AveragingAdam(LEARNING_RATE, AVERAGE_MOMENTUM)
        self.optimizer.build(self.model.trainable_variables)
        self._data = (jax.device_put(images), jax.device_put(labels))
        variables = (self.model.trainable_variables, self.model.non_trainable_variables, self.optimizer.variables)
        self._state: Any = [[jnp.array(each.value) for each in part] for part in variables]
        self._key = jax.random.key(0)
        self._epoch: Any = None
        self.rate = 0.0
        """Images a second, once somebody has measured them."""

    def compile(self) -> None:
        """Compile the call, for the pictures and the state as they are."""
        with computed(self.model, self.form):
            jitted = jax.jit(self._pass, donate_argnums=0)
            self._epoch = jitted.lower(self._state, *self._data, self._key).compile()

    @property
    def temporary_bytes(self) -> int | None:
        """Device memory that the compiled call takes beside its arguments; None where JAX does not tell."""
        with contextlib.suppress(Exception):
            return int(self._epoch.memory_analysis().temp_size_in_bytes)
        return None

    def epoch(self) -> float:
        """One epoch; its mean loss in nats."""
        self._key, key = jax.random.split(self._key)
        self._state, losses = self._epoch(self._state, *self._data, key)
        return float(jnp.mean(losses))  # waits until all is done

    def _pass(self, state: Any, images: Any, labels: Any, key: Any) -> Any:
        form = self.form
        shuffled, drawn = jax.random.split(key)
        order = jax.random.permutation(shuffled, len(images))[: self.images].reshape(self.steps, form.batch)
        seeds = jax.random.bits(drawn, (self.steps, 2), jnp.uint32)
        amounts = augment.Amounts().times(form.augment)

        def loss_of(trainable: Any, others: Any, x: Any, classes: Any) -> Any:
            scores, others = self.model.stateless_call(trainable, others, fed(x, KEEP_PROB, KEEP_PROB_CONV), True)
            chances = jax.nn.log_softmax(scores.astype(jnp.float32))
            return -jnp.mean(jnp.take_along_axis(chances, classes[:, None], axis=1)), others

        def step(state: Any, given: Any) -> Any:
            trainable, others, moments = state
            index, seed = given
            x, classes = images[index], labels[index]
            if form.augment:
                x, classes = augment.augment(x, classes, seed, amounts)
            else:
                x = x.astype(jnp.float32) / 255
            (loss, others), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable, others, x, classes)
            trainable, moments = self.optimizer.stateless_apply(moments, gradients, trainable)
            return [list(trainable), list(others), list(moments)], loss

        return jax.lax.scan(step, state, (order, seeds), unroll=form.unroll)


def forward(model: keras.Model, form: Form, images: Any) -> Callable[[Any], Any]:
    """Compile: uint8 pictures, as many as `images`, to their probabilities, both on the device."""
    parts = (model.trainable_variables, model.non_trainable_variables)
    variables = [
        [jnp.array(each.value) for each in part] for part in parts
    ]  # copies: Keras gives its own up as it works

    def answer(variables: Any, images: Any) -> Any:
        inputs = fed(images.astype(jnp.float32) / 255, 1.0, 1.0)
        scores = model.stateless_call(*variables, inputs, training=False)[0]
        return jax.nn.softmax(scores.astype(jnp.float32))

    def chunks(variables: Any, images: Any) -> Any:
        if not form.chunk:
            return answer(variables, images)
        parts = images.reshape(-1, form.chunk, *images.shape[1:])
        return jax.lax.map(functools.partial(answer, variables), parts).reshape(len(images), -1)

    with computed(model, form):
        compiled = jax.jit(chunks).lower(variables, images).compile()
    return functools.partial(compiled, variables)


def fed(x: Any, keep_prob: float, keep_prob_conv: float) -> dict[str, Any]:
    """Inputs of a network whose keep probabilities the compiler knows, so that no branch is left for it to take."""
    return {"x": x, "keep_prob": jnp.full((1,), keep_prob), "keep_prob_conv": jnp.full((1,), keep_prob_conv)}


@contextlib.contextmanager
def computed(model: keras.Model, form: Form) -> Iterator[None]:
    """Within, what is traced of `model` has the precision and the pooling of `form`.

    The scores, and the layers that decide where and how brightly a picture is seen, stay float32 in any case.
    """
    if form.pool == "package":
        with lowered(model, form.precision):
            yield
        return
    kept = [(layer, layer.dtype_policy) for layer in model.layers]
    exact = (AffineWarp, KeepProbability, NoSign, Standardize, keras.layers.InputLayer)
    pool = keras.layers.MaxPooling2D.call
    for layer, _ in kept:
        if form.precision == "bfloat16" and layer.name != "scores" and not isinstance(layer, exact):
            layer.dtype_policy = keras.DTypePolicy("mixed_bfloat16")
    if form.pool == "halves":
        keras.layers.MaxPooling2D.call = _halved
    try:
        yield
    finally:
        keras.layers.MaxPooling2D.call = pool
        for layer, policy in kept:
            layer.dtype_policy = policy


def _halved(layer: Any, x: Any) -> Any:
    """The maximum of each two by two. Its gradient is a comparison, where that of a window is a scatter."""
    count, height, width, channels = x.shape
    return jnp.max(x.reshape(count, height // 2, 2, width // 2, 2, channels), axis=(2, 4))
