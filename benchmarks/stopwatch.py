"""Time taken in rounds, within a limit: what the benchmarks of one run share."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and greatest."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def seconds(call: Callable[[], Any]) -> float:
    """What one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def rounds(call: Callable[[], Any], least: int = 5, most_seconds: float = 1.0, shortest: float = 0.0) -> list[float]:
    """Seconds a call, a number a round, after one call to warm up.

    Args:
        call: returns when the work is done.
        least: rounds that are made however long they take.
        most_seconds: further rounds are made until then.
        shortest: seconds of a round; calls are repeated within one to fill them.
    """
    call()
    once = seconds(call)
    repeats = max(1, round(shortest / once)) if once else 1
    end = time.perf_counter() + most_seconds
    taken: list[float] = []
    while len(taken) < least or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        taken.append((time.perf_counter() - start) / repeats)
    return taken


@dataclass
class Limit:
    """The time of a whole run, and of the part that is under way.

    Attributes:
        total: seconds of the run.
        start: when it began, by `time.perf_counter`.
        end: when the part under way must end.
    """

    total: float
    start: float = field(default_factory=time.perf_counter)
    end: float = 0.0

    @contextlib.contextmanager
    def part(self, most: float) -> Iterator[None]:
        """Within, at most so many seconds are left, and no more than the run has."""
        self.end = min(self.start + self.total, time.perf_counter() + most)
        yield

    @property
    def left(self) -> float:
        """Seconds left to the part under way."""
        return self.end - time.perf_counter()

    @property
    def passed(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.start
