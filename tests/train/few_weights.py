"""A network of few weights with all that a step has to carry: dropout, moving statistics, averages, a bound.

For scripts that are processes of their own, once Keras is loaded.
"""

import keras

from roadsigns.networks import answers, layers
from roadsigns.train import averages


def network(channels, pool, *hidden):
    """One that sees the means of `pool` by `pool` pixels, and then has the layers of `hidden`.

    These have no bias: beside a normalisation its slope is nothing but rounding, which Adam makes whole steps of.
    """
    inputs, keep, keep_conv = answers.signature(channels)
    h = keras.layers.AveragePooling2D(pool)(inputs["x"])
    for layer in hidden:
        h = layer(h)
    h = layers.BatchNormalization(gamma_constraint="non_neg")(h)
    h = layers.KeepProbDropout(3, name="conv_drop")([keras.layers.Flatten()(h), keep_conv])
    h = layers.KeepProbDropout(2, name="drop")([h, keep])
    scores = keras.layers.Dense(43, kernel_initializer=keras.initializers.GlorotUniform(2), name="scores")(h)
    model = keras.Model(inputs, scores)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(averages.AveragingAdam(0.01, 0.9, 0.02), loss, metrics=["accuracy"])
    return model
