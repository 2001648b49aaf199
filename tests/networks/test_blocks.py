"""Networks of convolutional blocks: their sizes counted by hand, and what they do to a picture at first."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest

from roadsigns.networks import blocks
from sizes import convolutional_parameters


@pytest.mark.parametrize(("widths", "dense"), [((4, 8), None), ((4, 8, 12), 16)])
def test_a_network_has_the_parameters_of_its_layers(widths: tuple[int, ...], dense: int | None) -> None:
    model = blocks.convolutional(widths, dense, 8, 0, 5)
    assert model.count_params() == convolutional_parameters(widths, dense, 8, 5)
    assert model.output.shape == (None, 5) and model.layers[-1].name == "scores"


def test_the_same_seed_gives_the_same_weights_and_no_seed_others() -> None:
    first, again, other, free = (blocks.convolutional((4,), None, 4, seed, 3) for seed in (1, 1, 2, None))
    for one, two in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    kernels = [model.get_layer("block1_conv1").get_weights()[0] for model in (first, other, free)]
    assert all(np.abs(one - two).max() > 0.1 for one, two in itertools.combinations(kernels, 2))


def test_a_new_network_sees_the_picture_as_it_is() -> None:
    """The map that straightens is the identity until it is trained."""
    x = keras.Input((32, 32, 3))
    model = keras.Model(x, blocks.straightened(x, 8, itertools.count()))
    pictures = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    np.testing.assert_allclose(model.predict(pictures, verbose=0), pictures, atol=1e-5)


def test_a_block_halves_the_picture_before_it_is_normalised() -> None:
    x = keras.Input((8, 8, 3))
    model = keras.Model(x, blocks.convolution(x, 5, 3, "one", itertools.count(), halve=True))
    assert model.output.shape == (None, 4, 4, 5)
    names = [layer.name for layer in model.layers[1:]]
    assert names == ["one", "one_pool", "one_norm", "one_relu"]
