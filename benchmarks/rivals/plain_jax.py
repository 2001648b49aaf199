"""The notebook's network and Adam in JAX alone, bfloat16 products: what Keras costs the compiled epoch.

It keeps no average of the weights, which ours does.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

RATE, FIRST, SECOND, SMALL = 0.001, 0.9, 0.999, 1e-7
KEEP, KEEP_CONV = 0.5, 0.7


class Training:
    """The state in training on the device, and the compiled call that takes it through an epoch.

    Args:
        batch: pictures a step.
        images: uint8 `(N, 32, 32, 1)`.
        labels: int32 `(N,)`.
        pool: `window`, or a maximum over two axes of length two, as `form.Form` has it.
    """

    def __init__(self, batch: int, images: np.ndarray, labels: np.ndarray, pool: str = "window") -> None:
        self.steps = max(1, len(images) // batch)
        self.batch, self.images, self.pool = batch, self.steps * batch, pool
        self._data = jax.device_put((images, labels))
        weights = _weights(np.random.default_rng(0))
        zeros = [jnp.zeros_like(weight) for weight in weights]
        self._state: Any = (weights, zeros, [jnp.zeros_like(weight) for weight in weights], jnp.zeros(()))
        self._key = jax.random.key(0)

    def compile(self) -> None:
        """Compile the call."""
        self._epoch = jax.jit(self._pass, donate_argnums=0).lower(self._state, *self._data, self._key).compile()

    def epoch(self) -> float:
        """One epoch; its mean loss in nats."""
        self._key, key = jax.random.split(self._key)
        self._state, losses = self._epoch(self._state, *self._data, key)
        return float(jnp.mean(losses))

    def _pass(self, state: Any, images: Any, labels: Any, key: Any) -> Any:
        shuffled, dropped = jax.random.split(key)
        order = jax.random.permutation(shuffled, len(images))[: self.images].reshape(self.steps, self.batch)

        def step(state: Any, given: Any) -> Any:
            weights, means, squares, count = state
            index, key = given
            loss, slopes = jax.value_and_grad(self._loss)(weights, images[index], labels[index], key)
            count = count + 1
            means = [FIRST * m + (1 - FIRST) * g for m, g in zip(means, slopes, strict=True)]
            squares = [SECOND * s + (1 - SECOND) * g * g for s, g in zip(squares, slopes, strict=True)]
            rate = RATE * jnp.sqrt(1 - SECOND**count) / (1 - FIRST**count)
            moved = [w - rate * m / (jnp.sqrt(s) + SMALL) for w, m, s in zip(weights, means, squares, strict=True)]
            return (moved, means, squares, count), loss

        return jax.lax.scan(step, state, (order, jax.random.split(dropped, self.steps)))

    def _loss(self, weights: Any, images: Any, labels: Any, key: Any) -> Any:
        kernels = [weight.astype(jnp.bfloat16) for weight in weights]
        keys = iter(jax.random.split(key, 5))
        h = images.astype(jnp.bfloat16) / 255
        for place in range(0, 12, 2):
            form = ("NHWC", "HWIO", "NHWC")
            h = jax.lax.conv_general_dilated(h, kernels[place], (1, 1), "SAME", dimension_numbers=form)
            h = jax.nn.relu(h + kernels[place + 1])
            if place % 4 == 2:
                h = _dropped(_pooled(h, self.pool), KEEP_CONV, next(keys))
        h = h.reshape(len(h), -1)
        for place in (12, 14):
            h = _dropped(jax.nn.relu(h @ kernels[place] + kernels[place + 1]), KEEP, next(keys))
        scores = h.astype(jnp.float32) @ weights[16] + weights[17]
        chances = jax.nn.log_softmax(scores)
        return -jnp.mean(jnp.take_along_axis(chances, labels[:, None], axis=1))


def _pooled(h: Any, pool: str) -> Any:
    count, height, width, channels = h.shape
    if pool != "window":
        return jnp.max(h.reshape(count, height // 2, 2, width // 2, 2, channels), axis=(2, 4))
    window, least = (1, 2, 2, 1), np.array(-np.inf, h.dtype)  # NumPy's, so that JAX knows a maximum and its gradient
    return jax.lax.reduce_window(h, least, jax.lax.max, window, window, "VALID")


def _dropped(h: Any, keep: float, key: Any) -> Any:
    return jnp.where(jax.random.bernoulli(key, keep, h.shape), h / keep, 0).astype(h.dtype)


def _weights(random: np.random.Generator) -> list[Any]:
    shapes: list[tuple[int, ...]] = []
    before = 1
    for filters in (32, 64, 128):
        for _ in range(2):
            shapes += [(3, 3, before, filters), (filters,)]
            before = filters
    shapes += [(2048, 128), (128,), (128, 128), (128,), (128, 43), (43,)]
    return [jnp.asarray(random.normal(0, 0.1, s) if len(s) > 1 else np.zeros(s), jnp.float32) for s in shapes]
