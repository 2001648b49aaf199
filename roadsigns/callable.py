"""Rooms that are called as the verb of their name: `roadsigns.train(epochs=1)`, beside `roadsigns.train.run`.

A package and a function cannot bear one name: to import a module of the package makes the name mean the package.

Source: Python's data model, "Customizing module attribute access".
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def as_function(name: str, function: Callable[..., Any]) -> None:
    """Have a call of the module `name` be one of `function`."""

    class Room(ModuleType):
        def __call__(self, *arguments: Any, **named: Any) -> Any:
            return function(*arguments, **named)

    sys.modules[name].__class__ = Room
