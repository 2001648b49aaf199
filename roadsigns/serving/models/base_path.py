"""The folder whose versions are to be served: whether a path is one, and the way out for whatever else it is."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from ...errors import ModelError
from ...exported import MODELS, SAVED_MODEL, versions

_MOST_LOOKED_AT = 1000


def check(path: Path) -> None:
    """See that `path` is a folder of versions, or an empty folder that may become one.

    Raises:
        ModelError: it is something else, or elsewhere; says what, and the command that serves that very model.
        OSError: the folder cannot be read.
    """
    if re.match(r"[a-z][a-z0-9]+:/", str(path)):
        raise ModelError(f"{str(path)!r} is not on this machine: expected a folder. Copy its versions, or mount it")
    if path.suffix == ".keras" and path.is_file():
        raise ModelError(f"{str(path)!r} is a Keras file: expected the folder of exported versions. {_export(path)}")
    if path.exists() and not path.is_dir():
        raise ModelError(f"{str(path)!r} is a file: expected the folder of exported versions, such as {str(MODELS)!r}")
    if not path.is_dir():
        raise ModelError(f"{str(path)!r} is not a folder. {_fill(path)}")
    if (path / SAVED_MODEL).exists():
        raise ModelError(_is_version(path))
    if versions(path):
        return
    if (path / "config.json").is_file() and (path / "history.csv").is_file():
        model = path / "model.keras"
        raise ModelError(
            f"{str(path)!r} is the folder of a training run: expected the folder of exported versions. "
            + (_export(model) if model.is_file() else f"End the run with: roadsigns train --resume {_quoted(path)}")
        )
    if models := _models_below(path):
        others = f" (others: {', '.join(repr(str(each)) for each in models[1:4])})" if models[1:] else ""
        raise ModelError(
            f"{str(path)!r} is one folder too high: the versions are in {str(models[0])!r}{others}. "
            f"Serve them with: {_serve(models[0])}"
        )


def waiting(path: Path) -> str:
    """What is told of an empty folder while its first version is waited for."""
    return f"waiting for a version in {str(path)!r}. {_fill(path)}"


def _is_version(path: Path) -> str:
    above = path.absolute().parent if path.parent == path else path.parent
    if path.absolute() in (each.absolute() for each in versions(path.absolute().parent).values()):
        return f"{str(path)!r} is a version itself: expected the folder above. Serve it with: {_serve(above)}"
    return (
        f"{str(path)!r} is a SavedModel whose name is no number: expected a folder of versions. "
        f"Serve it with: mkdir {_quoted(path)}.versions && cp -r {_quoted(path)} {_quoted(path)}.versions/1 && "
        f"{_serve(path.with_name(f'{path.name}.versions'))}"
    )


def _models_below(path: Path) -> list[Path]:
    """The folders in `path` that hold versions."""
    found = []
    for name in sorted(os.listdir(path))[:_MOST_LOOKED_AT]:
        try:
            if not name.startswith(".") and versions(path / name):
                found.append(path / name)
        except OSError:
            continue
    return found


def _export(model: Path) -> str:
    """The commands that serve a `.keras` file."""
    return f"Serve it with: roadsigns export --model {_quoted(model)} && roadsigns serve --model_base_path {MODELS}"


def _fill(folder: Path) -> str:
    """The commands that export a model into a folder."""
    export = f"roadsigns export --output {_quoted(folder)}"
    return f"Export your model into it with: {export} --model FILE.keras; without --model, the package's own weights"


def _serve(folder: Path) -> str:
    return f"roadsigns serve --model_base_path {_quoted(folder)}"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
