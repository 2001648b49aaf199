"""The versions of one model and what becomes of each: what is to be loaded, who uses it, when it may go."""

from __future__ import annotations

from collections.abc import Mapping
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
        mark: what its folder looked like when it was last loaded, or failed to.
        seen: what its folder looked like at the last look.
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
        """What a status call is told."""
        return VersionStatus(self.number, self.state, "INTERNAL" if self.error else "OK", self.error)


class Versions:
    """All versions of one model. The caller holds a lock.

    Attributes:
        serving: those that are available, by number.
        newest: the one of them with the highest number.
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
        """All that is known, newest first."""
        return [version.status() for _, version in sorted({**self._latest, **self.serving}.items(), reverse=True)]

    def due(self, wanted: Mapping[int, Path], now: float, most_failures: int) -> list[Version]:
        """The versions to load now, ascending: wanted and not loaded, or loaded from files that have changed since.

        A version that failed waits for its next try, of which there are so many. Once its files change the count begins
        anew, as soon as two looks in a row see the same files: those that are being copied are left alone.
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
        """List a version that is about to load."""
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
        """Retire what is not wanted, as soon as something wanted serves or nothing is; keep the list of ended short."""
        if not wanted or any(number in self.serving for number in wanted):
            for version in self.available():
                if wanted.get(version.number) != version.path:
                    self._retire(version)
            self._choose_newest()
        ended = sorted(number for number, version in self._latest.items() if version.state == "END")
        for number in ended[:-_MOST_ENDED]:
            del self._latest[number]

    def take_free(self) -> list[Version]:
        """The retired versions that nobody uses; they are the caller's to unload."""
        free = [version for version in self.retired if not version.leases]
        self.retired = [version for version in self.retired if version.leases]
        return free

    def _retire(self, version: Version) -> None:
        version.state = "UNLOADING"
        del self.serving[version.number]
        self.retired.append(version)

    def _choose_newest(self) -> None:
        self.newest = next(iter(self.available()), None)
