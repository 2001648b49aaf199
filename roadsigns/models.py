"""Which model is meant, for every verb: by a name, by a path, or by none; found without loading anything."""

from __future__ import annotations

import difflib
import shlex
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from . import exported
from .errors import UsageError
from .networks.table import TABLE

DEFAULT = "small"
"""The shipped weights that are taken where nothing else is there."""

_WEIGHTS = Path(str(resources.files(__package__).joinpath("weights")))

NAMES: tuple[str, ...] = tuple(sorted(file.stem for file in _WEIGHTS.glob("*.keras")))
"""The networks whose weights come with the package; `--model` takes their names."""

_EPOCH = "an epoch of a run as it stood: neither averaged nor calibrated, which the end of the run does"
_SHIPPED = "the weights that come with the package"


@dataclass(frozen=True)
class Model:
    """A model that was found; its string is what the first line of a verb says of it.

    Attributes:
        path: the `.keras` file, or the folder of an exported version.
        about: what it is, where the path does not tell.
        is_shipped: whether it came with the package, so that no person trained it.
    """

    path: Path
    about: str = ""
    is_shipped: bool = False

    @property
    def is_export(self) -> bool:
        """Whether it is an exported version, rather than a `.keras` file."""
        return self.path.suffix != ".keras"

    @property
    def onnx(self) -> Path | None:
        """Its ONNX file: that of the version, or that of the shipped weights; None where it has none."""
        file = self.path / exported.ONNX if self.is_export else self.path.with_suffix(".onnx")
        return file if (self.is_export or self.is_shipped) and file.is_file() else None

    @property
    def name(self) -> str:
        """What `--model` calls it: the name of shipped weights, or the path."""
        return self.path.stem if self.is_shipped else str(self.path)

    def __str__(self) -> str:
        return f"{self.name}, {self.about}" if self.about else self.name


def shipped(name: str = DEFAULT) -> Path:
    """The weights of this name that come with the package, a `.keras` file."""
    return _WEIGHTS / f"{name}.keras"


def find(model: str | Path | None = None, flag: str = "--model") -> Model:
    """Find the model that is meant.

    Args:
        model: the name of shipped weights; a version's folder; the folder above it, of whose versions the newest is
            taken; a run's folder; a `.keras` file. None means the newest version in `models/roadsigns`, or else the
            shipped weights.
        flag: what named the model, for messages.

    Raises:
        UsageError: `model` is none of these; says what it is, and what may be meant.
        OSError: a folder cannot be read.
    """
    if model is None:
        newest = _newest(exported.MODELS)
        return newest or Model(shipped(), f"{_SHIPPED} (there is none in {exported.MODELS})", is_shipped=True)
    if str(model) in NAMES:
        return Model(shipped(str(model)), _SHIPPED, is_shipped=True)
    path = Path(model)
    found = _at(path)
    if found is None:
        raise UsageError(_refusal(path, flag))
    return found


def tell(model: Model, to_stderr: bool) -> None:
    """Print which model a verb takes, as its first line; on stderr where stdout is for machines."""
    print(f"model: {model}", file=sys.stderr if to_stderr else sys.stdout, flush=True)


def _at(path: Path) -> Model | None:
    if path.suffix == ".keras" and path.is_file():
        return Model(path, _EPOCH if _is_epoch(path) else "", is_shipped=path.parent == _WEIGHTS)
    if not path.is_dir():
        return None
    if (path / exported.SAVED_MODEL).is_file():
        return Model(path)
    if (path / "model.keras").is_file():
        return Model(path / "model.keras", "the best epoch of that run")
    return _newest(path)


def _is_epoch(path: Path) -> bool:
    return path.name.startswith("epoch-") and (path.parent / "config.json").is_file()


def _newest(folder: Path) -> Model | None:
    if not folder.is_dir():
        return None
    whole = [each for each in exported.versions(folder).values() if (each / exported.SAVED_MODEL).is_file()]
    return Model(whole[-1], "the newest version there") if whole else None


def _refusal(path: Path, flag: str) -> str:
    state, way_out = _state(path)
    near = difflib.get_close_matches(str(path), NAMES, n=1)
    if not way_out and near:
        way_out = f"Did you mean {near[0]}?"
    return f"{flag} {str(path)!r} {state}. " + (
        way_out
        or f"Expected: {', '.join(NAMES)}, a version's folder, the folder above it, a run's folder or a .keras file. "
        f"Leave {flag} out for the newest in {exported.MODELS}, or else the shipped weights"
    )


def _state(path: Path) -> tuple[str, str]:
    """What a path is that means no model, and the way out where one can be told."""
    if not path.exists() and str(path) in TABLE:
        line = shlex.join(["roadsigns", "train", "--recipe", "best", "--network", str(path)])
        return "is a network without shipped weights", f"Shipped are {' and '.join(NAMES)}. Train it: {line}"
    if not path.exists():
        return "is not there", ""
    for above in path.parents:
        if (above / exported.SAVED_MODEL).is_file():
            return "is a part of a version", f"Expected: {str(above)!r}"
    if path.is_file():
        if path.suffix in (".h5", ".hdf5"):
            return "is a file of Keras 2, or of weights alone", "Save the model as a .keras file with Keras 3"
        return "is another file", ""
    if (path / "config.json").is_file():
        epochs = sorted(path.glob("epoch-*.keras"))
        other = f". Or take its newest epoch, {str(epochs[-1])!r}" if epochs else ""
        line = shlex.join(["roadsigns", "train", "--resume", str(path)])
        return "is a run that is not finished", f"Finish it: {line}{other}"
    for each in sorted(each for each in path.iterdir() if each.is_dir()):
        found = _at(each)
        if found is not None and found.is_export:
            return "is a folder too high", f"Expected: {str(each)!r}"
        if found is not None:
            return "holds runs", f"Expected: the folder of one, such as {str(each)!r}"
    if path.name.isascii() and path.name.isdigit():
        return f"is a version without {exported.SAVED_MODEL}", "Copy it again, to the end, or export it again"
    return ("is another folder" if any(path.iterdir()) else "is an empty folder"), ""
