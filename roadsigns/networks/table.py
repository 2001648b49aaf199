"""Which networks there are, as data: nothing here loads Keras.

The module of each, beside this one, has its name; `network(seed, classes)` there makes the Keras model.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """A row of the table.

    Attributes:
        channels: what its `x` is, float32 `(N, 32, 32, channels)` in [0, 1]: 1 the equalised grey picture, 3 RGB.
        about: a sentence for people.
    """

    channels: int
    about: str


TABLE = {
    "notebook": Network(1, "the seed notebook's, on the equalised grey picture"),
    "small": Network(3, "a third of its parameters, in colour, with a spatial transformer"),
    "tiny": Network(3, "the same with a third of its parameters, for the smallest machines"),
    "best": Network(3, "the same with seven times its parameters, for the last tenths of a per cent"),
}
"""The networks by name."""
