"""The models that are served: versions are loaded and unloaded as their folders and the configuration change.

Source: TensorFlow Serving's `AvailabilityPreservingPolicy` and `ServerCore`, by behaviour.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ... import exported
from ...errors import ModelError, RequestError
from ..batching.parameters import DEFAULTS, BatchingParameters
from ..engines.choice import ENGINES
from ..protocol.refusals import no_status, servable_not_found, unknown_label
from ..protocol.status import VersionStatus
from .loader import Loader
from .model_config import ModelConfig
from .servable import Servable
from .versions import Version, Versions

_log = logging.getLogger(__name__)

_DRAIN_POLL_S = 0.05


class Manager:
    """Keeps the versions that the configuration asks for loaded.

    A version is loaded and warmed up before the one it replaces goes, and that one goes when its last lease ends. A
    version that fails to load leaves the others serving; where none does, an older one is taken in its place. A version
    whose files change is loaded anew in the same way. If a model's folder cannot be read nothing changes; if it holds
    no version, the model is unloaded.

    Args:
        configs: the models, each name once.
        poll_seconds: how often to look at the folders; 0 for once.
        engine: what runs them, one of `choice.ENGINES`.
        batching: how requests share batches; None to run each alone.
        intra_op_threads, inter_op_threads: as for `Servable`.
        warm_up: whether the requests stored with a version run before it serves.
        labels_ahead: whether a new label may name a version that is not available.
        retries: how often a failed load is tried again. A load fails for good at once where the server starts and the
            model has no other version; once a version's files change, the count begins anew.
        retry_seconds: time between tries.
    """

    def __init__(
        self,
        configs: Sequence[ModelConfig],
        poll_seconds: float = 1.0,
        engine: str = ENGINES[0],
        batching: BatchingParameters | None = DEFAULTS,
        *,
        intra_op_threads: int = 0,
        inter_op_threads: int = 0,
        warm_up: bool = True,
        labels_ahead: bool = False,
        retries: int = 5,
        retry_seconds: float = 60.0,
    ) -> None:
        self._configs = {config.name: config for config in configs}
        self._poll_seconds = poll_seconds
        threads: Any = {"intra_op_threads": intra_op_threads, "inter_op_threads": inter_op_threads}
        load = functools.partial(Servable, kind=engine, batching=batching, **threads)
        self._labels_ahead = labels_ahead
        self._retries = retries
        self._models: dict[str, Versions] = {}
        self._lock = threading.Lock()  # around what requests look at; held for microseconds
        self._loading = threading.RLock()  # around a change of what is loaded; a reload is one change
        self._unreadable: set[Path] = set()
        self._loader = Loader(load, warm_up, retry_seconds, self._lock)
        self._wake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._watch, name="versions", daemon=True)

    def start(self) -> None:
        """Load what the folders hold. Returns when each model has a version or its load has failed.

        Waits for a model whose folder holds no version yet, unless folders are looked at once only.

        Raises:
            ModelError: a label names a version that is not available.
        """
        while not self._stop:
            self._update()
            with self._lock:
                known = all(self._models[name].statuses() for name in self._configs)
            if known or not self._poll_seconds:
                break
            self._wake.wait(self._poll_seconds)
        try:
            self._check_labels(self._configs, {})
        except RequestError as error:
            raise ModelError(error.message) from error
        self._thread.start()

    def close(self, grace: float = 0.0) -> None:
        """Stop watching, wait for leases to end, at most `grace` seconds, and unload what is free then."""
        end = time.monotonic() + grace
        self._stop = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(max(grace, 1.0))
        with self._lock:
            for versions in self._models.values():
                versions.settle({})
        while self._sweep() and time.monotonic() < end:
            time.sleep(_DRAIN_POLL_S)

    @contextlib.contextmanager
    def lease(self, model: str, version: int | None = None, label: str | None = None) -> Iterator[Servable]:
        """A servable that stays loaded within the context, which may be left by another thread.

        Args:
            model: its name.
            version: its number; None for the newest.
            label: instead of a number.

        Raises:
            RequestError: on entering; there is no such model, version or label.
        """
        with self._lock:
            found, servable = self._find(model, version, label)
            found.leases += 1
        try:
            yield servable
        finally:
            with self._lock:
                found.leases -= 1
                is_free = found.state == "UNLOADING" and not found.leases
            if is_free:
                self._wake.set()

    def status(self, model: str, version: int | None = None) -> list[VersionStatus]:
        """What is known of a model's versions, newest first.

        Raises:
            RequestError: there has never been such a model or version.
        """
        with self._lock:
            versions = self._models.get(model)
            found = [each for each in versions.statuses() if version in (None, each.version)] if versions else []
        if not found:
            raise no_status(model, version)
        return found

    def models(self) -> dict[str, list[Servable]]:
        """The configured models with the versions that serve, newest first."""
        with self._lock:
            return {
                name: [each.servable for each in versions.available() if each.servable]
                for name, versions in self._models.items()
                if name in self._configs
            }

    def serves(self, model: str) -> bool:
        """Whether a model of this name is configured."""
        return model in self._configs

    def ready(self) -> bool:
        """Whether every model has a version that serves."""
        return all(self.models().get(name) for name in tuple(self._configs))

    def reload(self, configs: Sequence[ModelConfig]) -> None:
        """Put another configuration in the place of the present one, as soon as all it asks for is loaded.

        Raises:
            RequestError: a model has no version that can be loaded, or a label names one that is not available
                (FAILED_PRECONDITION). Then nothing changes.
        """
        new = {config.name: config for config in configs}
        with self._loading:
            old = self._configs
            self._load_wanted(new, commit=False)
            try:
                for name, config in new.items():
                    if config != old.get(name):
                        self._check_served(config)
                self._check_labels(new, old)
                self._configs = new
            finally:
                self._update()

    def _find(self, model: str, version: int | None, label: str | None) -> tuple[Version, Servable]:
        """The version that a request asks for; the caller holds the lock."""
        config, versions = self._configs.get(model), self._models.get(model)
        if config is None or versions is None:
            raise servable_not_found(model, version)
        if label is not None:
            if label not in config.labels:
                raise unknown_label(label)
            version = config.labels[label]
        found = versions.newest if version is None else versions.serving.get(version)
        if found is None or found.servable is None:
            raise servable_not_found(model, version)
        return found, found.servable

    def _watch(self) -> None:
        wait = self._poll_seconds or None
        while True:
            self._wake.wait(wait)
            if self._stop:
                return
            self._wake.clear()
            try:
                if self._poll_seconds:
                    self._update()
                else:
                    self._sweep()
            except Exception:  # a fault here must not end the watch
                _log.exception("The models' folders could not be looked at")

    def _update(self) -> None:
        """Load what the configuration asks for, and unload the rest."""
        with self._loading:
            self._load_wanted(self._configs, commit=True)
            with self._lock:
                for name, versions in self._models.items():
                    if name not in self._configs:
                        versions.settle({})
        self._sweep()

    def _load_wanted(self, configs: Mapping[str, ModelConfig], commit: bool) -> None:
        """Load what `configs` asks for and, to `commit`, retire what it does not ask for of the same models."""
        for name, config in configs.items():
            with self._lock:
                versions = self._models.setdefault(name, Versions())
            found = self._scan(config.base_path)
            if found is not None:
                wanted = config.policy.choose(found)
                self._load_due(name, versions, wanted)
                if config.policy.latest is not None and wanted and not versions.available():
                    self._load_older(name, versions, {each: found[each] for each in found.keys() - wanted.keys()})
                if commit:
                    with self._lock:
                        versions.settle(wanted)

    def _scan(self, base: Path) -> dict[int, Path] | None:
        """The versions in a model's folder; None, told once, where the folder cannot be read."""
        try:
            found = exported.versions(base)
        except OSError as error:
            if base not in self._unreadable:
                self._unreadable.add(base)
                _log.warning("%r cannot be read (%s): its model stays as it is", str(base), error.strerror)
            return None
        self._unreadable.discard(base)
        return found

    def _load_due(self, model: str, versions: Versions, wanted: Mapping[int, Path]) -> None:
        for version in versions.due(wanted, time.monotonic(), self._retries):
            if not self._stop:
                self._loader.bring_up(model, versions, version)

    def _load_older(self, model: str, versions: Versions, others: Mapping[int, Path]) -> None:
        """Load the newest of `others` that can be: better than no version at all."""
        for number in sorted(others, reverse=True):
            self._load_due(model, versions, {number: others[number]})
            if versions.available():
                _log.warning("Version %d of %s serves in place of the newest, which cannot be loaded", number, model)
                return

    def _sweep(self) -> bool:
        """Unload what nobody uses any more. Returns whether something is left to unload."""
        with self._lock:
            models = list(self._models.items())
        return self._loader.let_go(models)

    def _check_served(self, config: ModelConfig) -> None:
        wanted = config.policy.choose(self._scan(config.base_path) or {})
        with self._lock:
            versions = self._models[config.name]
            if any(
                (version := versions.serving.get(number)) and version.path == path for number, path in wanted.items()
            ):
                return
            errors = [each.error_message for each in versions.statuses() if each.error_message]
        why = errors[0] if errors else f"{str(config.base_path)!r} holds no version that the policy asks for"
        raise RequestError(f"Model {config.name!r} cannot be loaded: {why}", "FAILED_PRECONDITION")

    def _check_labels(self, new: Mapping[str, ModelConfig], old: Mapping[str, ModelConfig]) -> None:
        for name, config in new.items():
            for label, number in config.labels.items():
                with self._lock:
                    served = number in self._models[name].serving
                is_new = name not in old or label not in old[name].labels
                if not served and not (self._labels_ahead and is_new):
                    raise RequestError(
                        f"Label {label!r} of model {name!r} names version {number}, which is not available",
                        "FAILED_PRECONDITION",
                    )
