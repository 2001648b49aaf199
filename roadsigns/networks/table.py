"""Which networks there are, as data: nothing here loads Keras."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """A row of the table.

    Attributes:
        module: the module beside this one whose `network(seed, classes)` makes the Keras model.
        channels: what its `x` is, float32 `(N, 32, 32, channels)` in [0, 1]: 1 the equalised grey picture, 3 RGB.
        about: a sentence for people.
    """

    module: str
    channels: int
    about: str


TABLE = {
    "notebook": Network("notebook", 1, "the seed notebook's, on the equalised grey picture"),
    "small": Network("small", 3, "a third of its parameters, in colour, with a spatial transformer"),
    "tiny": Network("tiny", 3, "the same with a third of its parameters, for the smallest machines"),
    "best": Network("best", 3, "the same with seven times its parameters, for the last tenths of a per cent"),
}
"""The networks by name."""
