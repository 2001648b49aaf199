"""Counts and times of requests, in Prometheus' text format under TensorFlow Serving's names.

They are on unless a `--monitoring_config_file` says no; see `config_files`. The real server has it the other way round;
ours is for one machine, where whoever looks for the metrics should find them, and they cost a microsecond a request.

A registry of our own, since `prometheus_client` appends `_total` to a counter's name. Requests for models that are not
served are counted together as `(unknown)`; else anybody could fill the server's memory with names.

Source: Prometheus' text exposition format 0.0.4; names, labels and buckets are those of TensorFlow Serving.
"""

from __future__ import annotations

import bisect
import itertools
import threading
from collections.abc import Sequence

DEFAULT_PATH = "/monitoring/prometheus/metrics"

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

UNKNOWN = "(unknown)"
"""Stands for every model that is not served."""

MICROSECONDS = tuple(10 * 1.8**power for power in range(33))
"""Upper bounds of the buckets for times, from 10 microseconds to 25 minutes."""

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Counter:
    """A number for each set of labels, which only grows."""

    kind = "counter"

    def __init__(self, name: str, labels: Sequence[str]) -> None:
        self.name = name
        self._labels = labels
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, ...], int] = {}

    def add(self, *values: str) -> None:
        """One more for the labels with these values."""
        with self._lock:
            self._counts[values] = self._counts.get(values, 0) + 1

    def lines(self) -> list[str]:
        """A line for each set of labels."""
        with self._lock:
            counts = sorted(self._counts.items())
        return [f"{self.name}{{{_pairs(self._labels, values)}}} {count}" for values, count in counts]


class Histogram:
    """How often a number fell into each bucket, for each set of labels."""

    kind = "histogram"

    def __init__(self, name: str, labels: Sequence[str], bounds: Sequence[float] = MICROSECONDS) -> None:
        self.name = name
        self._labels = labels
        self._bounds = bounds
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def add(self, number: float, *values: str) -> None:
        """Count `number` for the labels with these values."""
        index = bisect.bisect_left(self._bounds, number)
        with self._lock:
            if values not in self._buckets:
                self._buckets[values] = [0] * (len(self._bounds) + 1)
                self._sums[values] = 0.0
            self._buckets[values][index] += 1
            self._sums[values] += number

    def lines(self) -> list[str]:
        """The buckets, the sum and the count for each set of labels."""
        with self._lock:
            found = sorted((values, tuple(buckets), self._sums[values]) for values, buckets in self._buckets.items())
        made = []
        bounds = [*(f"{bound:g}" for bound in self._bounds), "+Inf"]
        for values, buckets, total in found:
            pairs = _pairs(self._labels, values)
            for bound, count in zip(bounds, itertools.accumulate(buckets), strict=True):
                made.append(f'{self.name}_bucket{{{pairs},le="{bound}"}} {count}')
            made.append(f"{self.name}_sum{{{pairs}}} {total:.10g}")
            made.append(f"{self.name}_count{{{pairs}}} {sum(buckets)}")
        return made


class Metrics:
    """Every metric of the server.

    Attributes:
        requests: by model and status code.
        latency: whole requests that succeeded, in microseconds, by model, API and entrypoint (`REST` or `GRPC`).
        runtime: the model's part of it, in microseconds, by model, API and runtime.
    """

    def __init__(self) -> None:
        prefix = ":tensorflow:serving:"
        self.requests = Counter(f"{prefix}request_count", ("model_name", "status"))
        self.latency = Histogram(f"{prefix}request_latency", ("model_name", "API", "entrypoint"))
        self.runtime = Histogram(f"{prefix}runtime_latency", ("model_name", "API", "runtime"))

    def text(self) -> bytes:
        """All of them as Prometheus reads them."""
        lines = []
        for metric in (self.requests, self.latency, self.runtime):
            if found := metric.lines():
                lines += [f"# TYPE {metric.name} {metric.kind}", *found]
        return "".join(f"{line}\n" for line in lines).encode()


def _pairs(labels: Sequence[str], values: Sequence[str]) -> str:
    return ",".join(f'{label}="{value.translate(_ESCAPES)}"' for label, value in zip(labels, values, strict=True))
