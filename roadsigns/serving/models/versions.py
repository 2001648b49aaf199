"""The versions of one model and what becomes of each: what is to be loaded, who uses it, when it may go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..protocol.status import VersionStatus
from . import version_folder
from .servable import Servable

_MOST_ENDED = 16
"""How many versions that are gone a status lists."""


@dataclass(eq=False)
class Version:
    """One version.

    Attributes:
        number: its number.
        path: its folder.
        state: one of `status.STATES`.
        error: why it is not loaded; empty if nothing failed.
        servable: what runs it, while it is loaded.
        leases: how many requests use it.
        failures: how often it failed to load since its folder changed.
        retry_at: when to try again, by the monotonic clock.
        mark: what its folder looked like when it failed.
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

    def status(self) -> VersionStatus:
        """What a status call is told."""
        return VersionStatus(self.number, self.state, "INTERNAL" if self.error else "OK", self.error)


class Versions:
    """All versions of one model. The caller holds a lock.

    Attributes:
        retired: versions that are replaced or not wanted any more, and still loaded.
    """

    def __init__(self) -> None:
        self._latest: dict[int, Version] = {}  # what was last done with each number
        self._serving: dict[int, Version] = {}
        self._newest: Version | None = None
        self.retired: list[Version] = []

    def get(self, number: int | None = None) -> Version | None:
        """The version of that number if it is available; the newest that is, for None."""
        return self._newest if number is None else self._serving.get(number)

    def available(self) -> list[Version]:
        """The versions that serve, newest first."""
        return sorted(self._serving.values(), key=lambda version: -version.number)

    def statuses(self) -> list[VersionStatus]:
        """All that is known, newest first."""
        return [version.status() for _, version in sorted({**self._latest, **self._serving}.items(), reverse=True)]

    def due(self, wanted: Mapping[int, Path], now: float, most_failures: int) -> list[Version]:
        """The versions to load now, ascending: wanted, not loaded, and not failed too lately or too often."""
        found = []
        for number, path in sorted(wanted.items()):
            version = self._latest.get(number)
            if version is None or version.path != path or (version.state == "END" and not version.error):
                found.append(Version(number, path))
            elif version.state == "END":
                if version_folder.content_mark(path) != version.mark:
                    found.append(Version(number, path))
                elif version.failures <= most_failures and now >= version.retry_at:
                    found.append(version)
        return found

    def announce(self, version: Version) -> None:
        """List a version that is about to load."""
        version.state = "LOADING"
        self._latest[version.number] = version

    def admit(self, version: Version, servable: Servable) -> None:
        """Let a loaded version serve."""
        if (before := self._serving.get(version.number)) is not None:
            self._retire(before)
        version.servable, version.state, version.error, version.failures = servable, "AVAILABLE", "", 0
        self._serving[version.number] = version
        self._choose_newest()

    def keep_only(self, wanted: Callable[[Version], bool]) -> None:
        """Retire the versions that are not wanted."""
        for version in self.available():
            if not wanted(version):
                self._retire(version)
        self._choose_newest()

    def take_free(self) -> list[Version]:
        """The retired versions that nobody uses; they are the caller's to unload."""
        free = [version for version in self.retired if not version.leases]
        self.retired = [version for version in self.retired if version.leases]
        return free

    def forget_ended(self) -> None:
        """Keep the list of versions that are gone short."""
        ended = sorted(number for number, version in self._latest.items() if version.state == "END")
        for number in ended[:-_MOST_ENDED]:
            del self._latest[number]

    def _retire(self, version: Version) -> None:
        version.state = "UNLOADING"
        del self._serving[version.number]
        self.retired.append(version)

    def _choose_newest(self) -> None:
        self._newest = next(iter(self.available()), None)
