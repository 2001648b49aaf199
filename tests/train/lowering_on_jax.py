"""Prints how far layers in forms for accelerators lie from Keras's own; run by test_lowering.py."""

import json

import numpy as np

from roadsigns import backend

backend.start()

import jax  # noqa: E402
import keras  # noqa: E402
from keras import layers  # noqa: E402

from roadsigns.train.lowering import lowered  # noqa: E402


def case(size, channels, bias):
    """Differences of the sum of squares, and of its slope by weights and picture, in both precisions and afterwards."""
    x = keras.Input((8, 8, channels))
    h = layers.Conv2D(6, size, padding="same", activation="relu", use_bias=bias, kernel_initializer="he_normal")(x)
    h = layers.MaxPooling2D(2)(h)
    model = keras.Model(x, layers.Conv2D(4, 3, padding="same")(h))
    random = np.random.default_rng(0)
    weights = [random.normal(0, 0.3, weight.shape).astype(np.float32) for weight in model.trainable_variables]
    pictures = random.normal(size=(5, 8, 8, channels)).astype(np.float32)

    def found(precision=None):
        def energy(weights, pictures):
            return (model.stateless_call(weights, [], pictures)[0] ** 2).mean()

        if precision is None:
            value = jax.value_and_grad(energy, (0, 1))(weights, pictures)
        else:
            with lowered(model, precision):
                value = jax.value_and_grad(energy, (0, 1))(weights, pictures)
        return np.concatenate([np.asarray(each, np.float32).ravel() for each in jax.tree.leaves(value)])

    own = found()
    scale = float(np.abs(own).max())
    return {name: float(np.abs(found(name) - own).max()) / scale for name in ("float32", "bfloat16", None)}


if __name__ == "__main__":
    print(json.dumps([case(3, 1, True), case(5, 3, False), case(3, 4, True), case(4, 2, True), case(3, 8, False)]))
