"""The size of the network; `test_contract.py` holds it to all that a network must do."""

from __future__ import annotations

from roadsigns.networks import tiny
from sizes import convolutional_parameters, stated


def test_it_has_the_parameters_that_are_stated() -> None:
    assert tiny.network(0).count_params() == convolutional_parameters((12, 24, 36), None, 16, 43) == stated("tiny")
