"""What networks on colour pictures are built of: convolutions with batch normalisation, and a straightened picture.

Standardising, not equalisation, evens out the light here, so that colour stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
from keras import layers

from . import random_numbers
from .answers import signature
from .layers import BatchNormalization, KeepProbDropout, Standardize
from .warp import AffineWarp

Seeds = Iterator[int | None]


def convolutional(
    widths: Sequence[int], dense: int | None, locator: int, seed: int | None, classes: int
) -> keras.Model:
    """A network on RGB pictures: straightened, then blocks of two 3x3 convolutions, each halving the picture.

    Inputs, by name: `x` float32 `(N, 32, 32, 3)` in [0, 1]; `keep_prob` and `keep_prob_conv` float32 `(N,)` or, called
    directly, `(1,)`. Output: class scores (logits), float32 `(N, classes)`. `keep_prob_conv` acts after each block,
    `keep_prob` before each dense layer of the head but the first.

    Args:
        widths: filters of each block.
        dense: units of a dense layer on the last block; None takes the mean of each of its channels instead.
        locator: dense units of the part that finds how to straighten a picture.
        seed: whole number that determines the weights and the units that drop; None takes a new one.
        classes: how many scores.
    """
    seeds = random_numbers.seeds(seed)
    inputs, keep, keep_conv = signature(3)
    h = straightened(Standardize(name="standardize")(inputs["x"]), locator, seeds)
    for block, filters in enumerate(widths, start=1):
        h = convolution(h, filters, 3, f"block{block}_conv1", seeds)
        h = convolution(h, filters, 3, f"block{block}_conv2", seeds, halve=True)  # 16x16, 8x8, 4x4
        h = KeepProbDropout(next(seeds), name=f"block{block}_drop")([h, keep_conv])
    if dense is None:
        h = layers.GlobalAveragePooling2D(name="mean")(h)
    else:
        h = layers.Flatten(name="flatten")(h)
        h = layers.Dense(dense, activation="relu", name="dense", kernel_initializer=_kernel(seeds))(h)
    h = KeepProbDropout(next(seeds), name="head_drop")([h, keep])
    scores = layers.Dense(classes, name="scores", kernel_initializer=_kernel(seeds))(h)
    return keras.Model(inputs, scores)


def convolution(h: Any, filters: int, size: int, name: str, seeds: Seeds, *, halve: bool = False) -> Any:
    """Convolution, batch normalisation, ReLU; with `halve` the larger of each two by two before the normalisation.

    Pooling first leaves a quarter to normalise, which on a CPU costs as much as the convolution. The scales stay
    positive, so that they could as well be part of the convolution.
    """
    h = layers.Conv2D(filters, size, padding="same", use_bias=False, kernel_initializer=_kernel(seeds), name=name)(h)
    if halve:
        h = layers.MaxPooling2D(2, name=f"{name}_pool")(h)
    h = BatchNormalization(gamma_constraint="non_neg", name=f"{name}_norm")(h)
    return layers.ReLU(name=f"{name}_relu")(h)


def straightened(x: Any, units: int, seeds: Seeds) -> Any:
    """`x` as seen through an affine map that a small network of its own finds; at first the identity.

    Source: Jaderberg et al., "Spatial transformer networks", NeurIPS 2015.
    """
    h = layers.AveragePooling2D(2, name="locator_pool")(x)
    h = convolution(h, 16, 5, "locator_conv1", seeds, halve=True)
    h = convolution(h, 24, 5, "locator_conv2", seeds, halve=True)
    h = layers.Flatten(name="locator_flatten")(h)
    h = layers.Dense(units, activation="relu", name="locator_dense", kernel_initializer=_kernel(seeds))(h)
    identity = keras.initializers.Constant([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    maps = layers.Dense(6, kernel_initializer="zeros", bias_initializer=identity, name="locator_map")(h)
    return AffineWarp(name="straightened")([x, maps])


def _kernel(seeds: Seeds) -> keras.Initializer:
    return keras.initializers.HeNormal(seed=next(seeds))
