"""Trained models as files: found by a path or shipped with the package, loaded to classify pixels."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from . import backend, exported
from .errors import ModelError, UsageError
from .preprocess import Pixels, preprocess, resize

if TYPE_CHECKING:
    import keras

_BATCH = 256


class Classifier(Protocol):
    """What can name signs."""

    def classify_pixels(self, images: Pixels) -> npt.NDArray[np.float32]:
        """Class probabilities, float32 `(N, 43)`, of uint8 RGB pictures `(N, H, W, 3)`."""


def shipped() -> Path:
    """The weights that come with the package, a `.keras` file."""
    return Path(str(resources.files(__package__).joinpath("weights", "notebook.keras")))


def check(path: Path | None) -> Path:
    """Find the model that `path` means, before anything heavy is loaded.

    Args:
        path: a `.keras` file; an exported version's folder; a folder of versions, of which the highest is taken; None
            for the weights that come with the package.

    Returns:
        The `.keras` file, or the folder that holds the SavedModel.

    Raises:
        UsageError: `path` is none of these.
    """
    if path is None:
        return shipped()
    if path.is_dir():
        folder = next(reversed(exported.versions(path).values()), path)
        if (folder / exported.SAVED_MODEL).is_file():
            return folder
    elif path.is_file() and path.suffix == ".keras":
        return path
    state = "is something else" if path.exists() else "is not there"
    raise UsageError(
        f"--model {str(path)!r} {state}: expected a .keras file, an exported version's folder or the folder above. "
        "Leave --model out for the weights that come with the package"
    )


def load(path: Path) -> Classifier:
    """Load the model that `check` found.

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

    from .networks import layers  # noqa: F401  Keras finds our layers by their registration

    if path.is_dir():
        raise ModelError(f"{str(path)!r} is an exported version: expected the .keras file that it was made from")
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # a damaged archive raises whatever the damage leads to
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{str(path)!r} cannot be loaded as a Keras model: {reason}") from error
    inputs = getattr(model, "input", None) if model.built else None
    if not isinstance(inputs, dict) or set(inputs) != {"x", "keep_prob", "keep_prob_conv"}:
        raise ModelError(f"{str(path)!r} is another model: expected the inputs x, keep_prob, keep_prob_conv")
    return model


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
