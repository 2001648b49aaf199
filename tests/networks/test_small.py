"""The size of the network; `test_contract.py` holds it to all that a network must do."""

from __future__ import annotations

from roadsigns.networks import small
from sizes import convolutional_parameters, stated


def test_it_has_the_parameters_that_are_stated() -> None:
    assert small.network(0).count_params() == convolutional_parameters((24, 48, 80), None, 32, 43) == stated("small")
