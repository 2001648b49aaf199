"""What all benchmarks share: the pictures, the network's input, and what JSON says of the machine.

`tox -e bench` runs them on the CPU, or on a GPU where the backend finds one; KERAS_BACKEND chooses the backend.
With ROADSIGNS_GTSRB they take the real validation pictures, else noise: the work is the same for any pixels.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from roadsigns import backend, data, machine

backend.start()


def pytest_benchmark_update_machine_info(config, machine_info):
    machine_info["roadsigns"] = {
        **machine.description(),
    }


@pytest.fixture(scope="session")
def pictures():
    """uint8 RGB, `(2048, 32, 32, 3)`."""
    if archive := os.environ.get("ROADSIGNS_GTSRB"):
        return data.load(archive).valid.images[:2048]
    return np.random.default_rng(0).integers(0, 256, (2048, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def weights():
    """The shipped `.keras` file."""
    from roadsigns import models

    return models.shipped("notebook")


@pytest.fixture
def throughput(benchmark):
    """Runs a function under the benchmark and notes images per second of the median round."""

    def run(function, images: int, rounds: int = 7, group: str = ""):
        benchmark.group = group
        result = benchmark.pedantic(function, rounds=rounds, warmup_rounds=1)
        if benchmark.stats:
            benchmark.extra_info["images_per_second"] = round(images / benchmark.stats.stats.median, 1)
        return result

    return run
