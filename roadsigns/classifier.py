"""Models that are loaded to name signs in pixels, whatever kind of file they come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from . import backend, exported
from .errors import ModelError
from .preprocess import Pixels, preprocess, resize

if TYPE_CHECKING:
    import keras

_BATCH = 256


class Classifier(Protocol):
    """What can name signs."""

    def classify_pixels(self, images: Pixels) -> npt.NDArray[np.float32]:
        """Class probabilities, float32 `(N, 43)`, of uint8 RGB pictures `(N, H, W, 3)`."""


def load(path: Path) -> Classifier:
    """Load the model at `path`, which `models.find` found.

    Raises:
        ModelError: the file is damaged, or holds a model with other inputs or outputs.
    """
    return _SavedModel(path) if path.is_dir() else _KerasModel(path)


def load_keras(path: Path) -> keras.Model:
    """Load a `.keras` file of the project on the backend that is chosen.

    Raises:
        ModelError: the file is damaged, or holds a model with other inputs.
    """
    backend.start()
    import keras

    from .networks import form, layers  # noqa: F401  Keras finds our layers by their registration

    if path.is_dir():
        raise ModelError(f"{str(path)!r} is an exported version: expected the .keras file that it was made from")
    try:
        with backend.own_settings():
            model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # a damaged archive raises whatever the damage leads to
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{str(path)!r} cannot be loaded as a Keras model: {reason}") from error
    return form.checked(model, repr(str(path)))


class _KerasModel:
    def __init__(self, path: Path) -> None:
        self.model = load_keras(path)

    def classify_pixels(self, images: Pixels) -> npt.NDArray[np.float32]:
        from .networks import answers

        x = preprocess(resize(images), answers.channels(self.model))
        return answers.probabilities(self.model, x, batch_size=_BATCH)


class _SavedModel:
    def __init__(self, path: Path) -> None:
        tf = backend.require_tensorflow("An exported model")
        try:
            self.model = tf.saved_model.load(str(path))
            self.signature: Any = self.model.signatures[exported.PIXELS]
        except Exception as error:  # as above
            reason = " ".join(str(error).split())[:200]
            raise ModelError(f"{str(path)!r} cannot be loaded as one of our exports: {reason}") from error

    def classify_pixels(self, images: Pixels) -> npt.NDArray[np.float32]:
        parts = [
            self.signature(images=images[start : start + _BATCH])["probabilities"].numpy()
            for start in range(0, max(1, len(images)), _BATCH)
        ]
        return np.concatenate(parts)
