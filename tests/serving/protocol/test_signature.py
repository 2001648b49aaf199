"""What a signature tells of its inputs."""

from __future__ import annotations

from typing import Any

import pytest

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
def test_keep_probabilities_are_floats_of_any_rank(inputs: dict[str, Any], found: tuple[str, ...]) -> None:
    assert Signature(inputs, {}).keep_probabilities == found
