"""The networks, all with one signature: pictures and two keep probabilities in, one score a class out.

`table` says which there are; `answers` feeds a network and reads what it says. Keras is loaded when one is built.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .. import backend, signs
from ..classes import Classes, numbered
from .table import TABLE

if TYPE_CHECKING:
    import keras


def build(name: str, seed: int | None = None, classes: Classes | int = signs.CLASSES) -> keras.Model:
    """Make the network of that name, its weights as they are before any training.

    A person's own Keras settings (data format, number formats) have no part in it.

    Args:
        name: a key of `TABLE`.
        seed: whole number that determines the weights and the units that drop; None takes a new one.
        classes: what it tells apart, a score for each; a number where nothing is known of them.

    Raises:
        KeyError: there is no network of that name.
    """
    if name not in TABLE:
        raise KeyError(name)
    with backend.own_settings():
        module = importlib.import_module(f"{__package__}.{name}")
        known = classes if isinstance(classes, Classes) else numbered(classes)
        from .answers import with_classes

        model = module.network(seed, len(known))
        model.name = name
        return with_classes(model, known)
