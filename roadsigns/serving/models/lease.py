"""The use of a version by one request: as long as it lasts, the version stays loaded."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ..protocol.refusals import servable_not_found
from .servable import Servable
from .versions import Version

if TYPE_CHECKING:
    from .manager import Manager


class Lease(AbstractContextManager[Servable]):
    """A context whose value is the servable; see `Manager.lease`."""

    __slots__ = ("_asked", "_manager", "_version")

    def __init__(self, manager: Manager, model: str, version: int | None, label: str | None) -> None:
        self._manager = manager
        self._asked = (model, version, label)
        self._version: Version | None = None

    def __enter__(self) -> Servable:
        self._version = self._manager.acquire(*self._asked)
        if self._version.servable is None:
            raise servable_not_found(*self._asked[:2])
        return self._version.servable

    def __exit__(self, *_: object) -> None:
        version, self._version = self._version, None
        if version is not None:
            self._manager.release(version)
