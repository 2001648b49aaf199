"""Loads versions, warm-up included, and unloads them once their last request is answered."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ...errors import RoadsignsError
from .. import memory
from . import version_folder, warmup
from .servable import Servable
from .versions import Version, Versions

_log = logging.getLogger(__name__)


class Loader:
    """Loads and unloads versions.

    Args:
        load: makes a servable from the name of a model, the number of a version and its folder.
        warm_up: whether the stored requests of a version run before it serves.
        retry_seconds: how long a version that cannot be loaded waits for the next try.
        lock: held during every change that requests can see.
    """

    def __init__(
        self, load: Callable[[str, int, Path], Servable], warm_up: bool, retry_seconds: float, lock: threading.Lock
    ) -> None:
        self._load = load
        self._warm_up = warm_up
        self._retry_seconds = retry_seconds
        self._lock = lock
        self._unloading = 0

    def bring_up(self, model: str, versions: Versions, version: Version) -> None:
        """Load a version and let it serve. If that fails, the version notes the reason and the time of the next try."""
        with self._lock:
            versions.announce(version)
        started = time.monotonic()
        version.mark = version_folder.content_mark(version.path)
        servable = None
        try:
            servable = self._load(model, version.number, version.path)
            if self._warm_up:
                warmup.warm_up(servable)
        except Exception as error:  # an error in a foreign model must not stop the other models
            if servable is not None:
                servable.close()
            if not isinstance(error, RoadsignsError):
                _log.exception("Version %d of %s fails in an unforeseen way", version.number, model)
            with self._lock:
                version.state, version.error = "END", str(error) or type(error).__name__
                version.failures += 1
                version.retry_at = time.monotonic() + self._retry_seconds
            _log.warning("Version %d of %s cannot be loaded: %s", version.number, model, version.error)
            return
        with self._lock:
            versions.admit(version, servable)
        _log.info("Version %d of %s serves, loaded in %.1f s", version.number, model, time.monotonic() - started)

    def let_go(self, models: Iterable[tuple[str, Versions]]) -> bool:
        """Unload the retired versions that no request uses. Returns whether versions are left to unload.

        Each version is unloaded in a thread of its own: one that is still at work takes long, and the next must load.
        """
        models = list(models)
        with self._lock:
            free = [(name, version) for name, versions in models for version in versions.take_free()]
            self._unloading += len(free)
        for name, version in free:
            threading.Thread(target=self._unload, args=(name, version), name="unload", daemon=True).start()
        with self._lock:
            return bool(self._unloading) or any(versions.retired for _, versions in models)

    def _unload(self, model: str, version: Version) -> None:
        try:
            if version.servable is not None:
                version.servable.close()
        finally:
            with self._lock:
                version.servable, version.state = None, "END"
                self._unloading -= 1
            memory.give_back()
            _log.info("Version %d of %s is unloaded", version.number, model)
