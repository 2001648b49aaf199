"""A model server that the app starts where no other is named, so that one command shows the whole demo."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

from .. import files, models
from ..errors import ModelError, UsageError
from ..exported import MODELS, SAVED_MODEL, versions
from ..serving import embedded
from ..version import __version__


@contextlib.contextmanager
def model_server(say: Callable[[str], None]) -> Iterator[str]:
    """Run the embedded model server on a free loopback port; yields its `host:port` once it answers.

    The server has the newest version in `MODELS`. Where there is none, it has the weights that come with the package,
    exported once into the user's cache folder. The server ends with the block, and with this process in any case.

    Raises:
        UsageError: TensorFlow is not installed.
        ModelError: the export or the server failed; says why.
    """
    if not importlib.util.find_spec("tensorflow"):
        raise UsageError(
            "TENSORFLOW_HOST is not set, and a model server beside the app needs TensorFlow, which is not installed. "
            "Set TENSORFLOW_HOST=host:port"
        )
    folder = MODELS.resolve() if _versions(MODELS) else shipped_model(say)
    say(f"starting a model server on {folder}")
    with embedded.model_server(folder) as address:
        yield address


def shipped_model(say: Callable[[str], None]) -> Path:
    """A folder of versions with the weights that come with the package; a child process exports them the first time.

    Raises:
        ModelError: the export failed.
    """
    digest = hashlib.sha256(__version__.encode())
    for file in sorted(resources.files("roadsigns").joinpath("weights").iterdir(), key=lambda file: file.name):
        digest.update(file.read_bytes() if file.name.endswith(".keras") else b"")
    folder = _cache() / digest.hexdigest()[:16]
    if _versions(folder):
        return folder
    say(f"exporting the weights that come with the package to {folder}, once")
    command = [sys.executable, "-m", "roadsigns.export", "--quiet", "--model", models.DEFAULT]
    child = subprocess.run([*command, "--output", str(folder), "--version", "1"], capture_output=True, text=True)
    if not _versions(folder):  # the export writes beside and renames, and another app may have been first
        reason = child.stderr.strip()
        raise ModelError(f"The export to {str(folder)!r} failed: {reason}. XDG_CACHE_HOME can name another folder")
    return folder


def _cache() -> Path:
    try:
        return files.cache_folder()
    except RuntimeError as error:  # a user without a home, as containers have
        raise ModelError("There is no home folder to keep the model in. Set XDG_CACHE_HOME to a folder") from error


def _versions(folder: Path) -> bool:
    """Whether the folder has a version with a graph."""
    try:
        return any((version / SAVED_MODEL).is_file() for version in versions(folder).values())
    except OSError:
        return False
