"""`.keras` files: looked through before Keras opens them, and held to what a network of the package is.

Source: Keras 3's format, a zip of `config.json`, `metadata.json` and `model.weights.h5`; the HDF5 file format.
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from . import backend
from .errors import ModelError

if TYPE_CHECKING:
    import keras

MAX_BYTES = 2**28
"""Most bytes that a file may hold once unpacked, and most bytes of its weights (256 MiB, a hundred times ours)."""

_MAX_CONFIG = 2**24
_MAX_UNITS = 2**20


def load(path: Path) -> keras.Model:
    """Load a `.keras` file on the backend that is chosen, as a model with named inputs and scores as its output.

    A list of inputs of the right names, in any order, will do, and so will a Sequential around one such network.

    Raises:
        ModelError: the file is damaged, claims more than `MAX_BYTES`, or holds another kind of model; says what it has.
    """
    if path.is_dir():
        raise ModelError(f"{str(path)!r} is an exported version: expected the .keras file that it was made from")
    _look_through(path)
    backend.start()
    import keras

    from .networks import class_list, form, layers, warp  # noqa: F401  Keras finds our layers by their registration

    try:
        with backend.own_settings():
            model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # a damaged archive raises whatever the damage leads to
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{str(path)!r} cannot be loaded as a Keras model: {reason}") from error
    return form.checked(model, repr(str(path)))


def network(path: Path) -> str:
    """The name of the model in a `.keras` file, as its configuration has it; loads nothing.

    Raises:
        ModelError: the file is damaged, or claims more than `MAX_BYTES`.
    """
    _look_through(path)
    try:
        with zipfile.ZipFile(path) as archive, archive.open("config.json") as file:
            return str(json.load(file)["config"]["name"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{str(path)!r} cannot be loaded as a Keras model: it has no configuration") from error


def _look_through(path: Path) -> None:
    """ModelError where the file claims more than it may: in the zip, in the weights' file, in the layers' sizes."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            if sum(sizes.values()) > MAX_BYTES:
                raise _too_large(path, f"its parts say that they unpack to {sum(sizes.values()):,} bytes")
            if sizes.get("config.json", 0) > _MAX_CONFIG:
                raise _too_large(path, f"its config.json says that it unpacks to {sizes['config.json']:,} bytes")
            with contextlib.suppress(KeyError), archive.open("config.json") as file:
                _check_sizes(json.load(file), path)
            # zipfile gives no more bytes of a part than its entry says, whatever is packed.
            with contextlib.suppress(KeyError), archive.open("model.weights.h5") as file:
                _check_weights(io.BytesIO(file.read()), path)
    except ModelError:
        raise
    except Exception as error:  # zipfile and h5py raise whatever the damage leads to
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(f"{str(path)!r} cannot be loaded as a Keras model: {reason}") from error


def _check_sizes(config: Any, path: Path) -> None:
    """No layer has more units, filters or the like than a network of this kind can need."""
    left = [config]
    while left:
        part = left.pop()
        if isinstance(part, (dict, list)):
            left.extend(part.values() if isinstance(part, dict) else part)
        if isinstance(part, dict):
            for name in ("units", "filters", "input_dim", "output_dim", "depth_multiplier", "n"):
                if isinstance(part.get(name), int) and part[name] > _MAX_UNITS:
                    raise _too_large(path, f"a layer of it has {part[name]:,} {name}")


def _check_weights(file: IO[bytes], path: Path) -> None:
    """The arrays of the weights' file, whose own compression the zip does not know of."""
    import h5py

    total = 0

    def add(_: str, item: Any) -> None:
        nonlocal total
        if isinstance(item, h5py.Dataset):
            total += item.size * item.dtype.itemsize

    with h5py.File(file, "r") as weights:
        weights.visititems(add)
    if total > MAX_BYTES:
        raise _too_large(path, f"its weights say that they take {total:,} bytes")


def _too_large(path: Path, claim: str) -> ModelError:
    return ModelError(f"{str(path)!r} is refused: {claim}, and at most {MAX_BYTES:,} are read. Is it from a stranger?")
