from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import sys

import pytest

from roadsigns import backend
from roadsigns.errors import ModelError, UsageError


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Packages that can be found, to be filled by the test."""
    found: set[str] = set()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name in found else None)
    return found


@pytest.mark.parametrize("name", ["torch", "TensorFlow", "tensorflow ", "numpy"])
def test_start_refuses_other_backends(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("KERAS_BACKEND", name)
    message = f"Invalid value for KERAS_BACKEND: expected tensorflow or jax. Received: {name!r}. This package's "
    with pytest.raises(UsageError, match=re.escape(message)):
        backend.start()


@pytest.mark.parametrize(
    ("wanted", "there", "message"),
    [
        ("jax", {"tensorflow"}, "jax is not installed. Run: pip install jax"),
        ("tensorflow", {"jax"}, "tensorflow is not installed. Run: pip install tensorflow"),
        ("", set(), "A backend is not installed. Run: pip install tensorflow"),
    ],
)
def test_start_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, installed: set[str], wanted: str, there: set[str], message: str
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", wanted)
    installed |= there
    with pytest.raises(ModelError, match=re.escape(message)):
        backend.start()


def test_start_loads_keras_on_tensorflow() -> None:
    assert backend.start() == "tensorflow"
    assert "keras" in sys.modules and os.environ["KERAS_BACKEND"] == "tensorflow"


def test_start_prefers_tensorflow_and_leaves_settings_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    assert backend.start() == "tensorflow"
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"


def test_require_tensorflow_gives_it() -> None:
    assert backend.require_tensorflow("An export").__name__ == "tensorflow"


@pytest.mark.usefixtures("installed")
def test_require_tensorflow_names_the_purpose() -> None:
    message = "An export needs TensorFlow, which is not installed. Run: pip install tensorflow"
    with pytest.raises(ModelError, match=re.escape(message)):
        backend.require_tensorflow("An export")


def test_stderr_is_back_after_loading(capfd: pytest.CaptureFixture[str]) -> None:
    backend.start()
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
