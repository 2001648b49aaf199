"""German road signs, from pictures to a trained, evaluated and served classifier.

    >>> import roadsigns
    >>> roadsigns.load("notebook").predict("fixtures/pictures/design-14.jpg").name
    'Stop'

Importing this package loads neither Keras nor TensorFlow nor NumPy; its rooms do, when they are asked to work.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .classifier import Classifier, Guess, Prediction, load

__all__ = ["Classifier", "Guess", "Prediction", "__version__", "load"]

_ROOMS = frozenset(("data", "evaluate", "export", "models", "networks", "preprocess", "scores", "signs", "train"))


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    if name in __all__:
        return getattr(importlib.import_module(f"{__name__}.classifier"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
