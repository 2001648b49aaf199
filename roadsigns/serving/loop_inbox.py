"""What other threads want done on the event loop: many calls by one wake-up."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any


class LoopInbox:
    """Calls for the running event loop; made on it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._calls: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._woken = False

    def call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Have `function` called on the event loop: now, if this is it, else soon."""
        if threading.get_ident() == self._thread:
            function(*arguments)
            return
        self._calls.append((function, arguments))
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._empty)
            except RuntimeError:  # the loop has closed: nobody waits any more
                self._calls.clear()

    def _empty(self) -> None:
        self._woken = False  # before the first is taken: what comes after this line wakes us again
        while self._calls:
            function, arguments = self._calls.popleft()
            function(*arguments)
