"""The versions of one model: which must be loaded, how many requests use each, and which can be unloaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..protocol.status import VersionStatus
from . import version_folder
from .servable import Servable

_MOST_ENDED = 16
"""A status lists so many versions that are unloaded."""


@dataclass(eq=False)
class Version:
    """One version.

    Attributes:
        number: its number.
        path: its folder.
        state: one of `status.STATES`.
        error: why loading failed; empty if nothing failed.
        servable: runs the version while it is loaded.
        leases: how many requests use it.
        failures: how often loading failed since the last change of the folder.
        retry_at: time of the next try, by the monotonic clock.
        mark: `content_mark` of the folder at the last load or failure.
        seen: `content_mark` of the folder at the last look.
    """

    number: int
    path: Path
    state: str = "START"
    error: str = ""
    servable: Servable | None = None
    leases: int = 0
    failures: int = 0
    retry_at: float = 0.0
    mark: object = None
    seen: object = None

    def status(self) -> VersionStatus:
        """The status of the version."""
        return VersionStatus(self.number, self.state, "INTERNAL" if self.error else "OK", self.error)


class Versions:
    """All versions of one model. The caller holds a lock.

    Attributes:
        serving: the available versions, by number.
        newest: the available version with the highest number.
        retired: versions that are replaced or not wanted any more, and still loaded.
    """

    def __init__(self) -> None:
        self._latest: dict[int, Version] = {}  # what was last done with each number
        self.serving: dict[int, Version] = {}
        self.newest: Version | None = None
        self.retired: list[Version] = []

    def available(self) -> list[Version]:
        """The versions that serve, newest first."""
        return sorted(self.serving.values(), key=lambda version: -version.number)

    def statuses(self) -> list[VersionStatus]:
        """The status of every version that is known, newest first."""
        return [version.status() for _, version in sorted({**self._latest, **self.serving}.items(), reverse=True)]

    def due(self, wanted: Mapping[int, Path], now: float, most_failures: int) -> list[Version]:
        """The versions to load now, ascending: wanted and not loaded, or loaded from files that have changed since.

        A version that failed is tried again at its time, `most_failures` times at most. When its files change, the
        count begins anew. Changed files count once two looks in a row see the same, so not while they are copied.
        """
        found = []
        for number, path in sorted(wanted.items()):
            version = self._latest.get(number)
            if version is None or version.path != path or (version.state == "END" and not version.error):
                found.append(Version(number, path))
                continue
            before, version.seen = version.seen, version_folder.content_mark(path)
            if version.seen != version.mark:
                if version.seen == before:
                    found.append(Version(number, path))
            elif version.state == "END" and version.failures <= most_failures and now >= version.retry_at:
                found.append(version)
        return found

    def announce(self, version: Version) -> None:
        """Note that a version is about to be loaded."""
        version.state = "LOADING"
        self._latest[version.number] = version

    def admit(self, version: Version, servable: Servable) -> None:
        """Let a loaded version serve."""
        if (before := self.serving.get(version.number)) is not None:
            self._retire(before)
        version.servable, version.state, version.error, version.failures = servable, "AVAILABLE", "", 0
        self.serving[version.number] = version
        self._choose_newest()

    def settle(self, wanted: Mapping[int, Path]) -> None:
        """Retire unwanted versions, once a wanted one serves or none is wanted; forget old unloaded ones."""
        if not wanted or any(number in self.serving for number in wanted):
            for version in self.available():
                if wanted.get(version.number) != version.path:
                    self._retire(version)
            self._choose_newest()
        ended = sorted(number for number, version in self._latest.items() if version.state == "END")
        for number in ended[:-_MOST_ENDED]:
            del self._latest[number]

    def take_free(self) -> list[Version]:
        """Take the retired versions that no request uses; the caller unloads them."""
        free = [version for version in self.retired if not version.leases]
        self.retired = [version for version in self.retired if version.leases]
        return free

    def _retire(self, version: Version) -> None:
        version.state = "UNLOADING"
        del self.serving[version.number]
        self.retired.append(version)

    def _choose_newest(self) -> None:
        self.newest = next(iter(self.available()), None)
