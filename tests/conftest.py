"""Settings of the whole suite: the real data set where it is at hand, hypothesis profiles, a quiet TensorFlow."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# Before any test module imports Keras. JAX has a process of its own, see test_jax.py.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Every server of the tests is on this machine, of which a proxy of the surroundings knows nothing.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

# A first TensorFlow trace is slow, so no example has a deadline.
hypothesis.settings.register_profile("dev", max_examples=20, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True)
hypothesis.settings.register_profile("thorough", max_examples=1000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))

_GTSRB = "ROADSIGNS_GTSRB"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of the real data set where there is none."""
    if os.environ.get(_GTSRB):
        return
    left_out = [item for item in items if item.get_closest_marker("gtsrb")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def gtsrb_archive() -> Path:
    """The published archive, as ROADSIGNS_GTSRB names it; for tests marked `gtsrb`."""
    return Path(os.environ[_GTSRB])
