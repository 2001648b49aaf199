"""Which inputs are keep probabilities, and when they may be left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from roadsigns.serving.protocol.keep_probability import names, without_ones
from roadsigns.serving.protocol.signature import Signature, TensorSpec

X, ANY = TensorSpec("DT_FLOAT", (-1, 2)), TensorSpec("DT_FLOAT")
NETWORK = Signature({"x": X, "keep_prob": ANY, "keep_prob_conv": ANY}, {})


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        (NETWORK.inputs, ("keep_prob", "keep_prob_conv")),
        ({"x": X, "keep_prob": TensorSpec("DT_FLOAT", ())}, ("keep_prob",)),
        ({"x": X, "keep_prob": TensorSpec("DT_FLOAT", (-1,))}, ()),
        ({"x": X, "keep_prob": TensorSpec("DT_DOUBLE")}, ()),
        ({"keep_prob": ANY}, ()),
    ],
)
def test_they_are_floats_of_any_rank_beside_other_inputs(inputs: dict[str, Any], found: tuple[str, ...]) -> None:
    assert names(Signature(inputs, {})) == found


@pytest.mark.parametrize(
    ("keep", "are_ones"),
    [(1, True), ([1], True), ([[1]], True), ([1, 1, 1], True), (0.5, False), ([1, 1, 0.5], False), ([1, 1], False)],
)
def test_ones_are_left_out(keep: Any, are_ones: bool) -> None:
    inputs = {"x": np.zeros((3, 2)), "keep_prob": np.float32(keep), "keep_prob_conv": np.float32(1)}
    rest = without_ones(NETWORK, inputs)
    assert (rest is not None and rest.keys() == {"x"}) is are_ones
