from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

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
    message = f"Invalid value for KERAS_BACKEND: expected tensorflow or jax. Received: {name!r}"
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


def test_machine_states_what_the_system_says() -> None:
    machine = backend.machine()
    assert set(machine) == {"processor", "cores", "memory_gib", "accelerator"}
    assert machine["cores"] == os.cpu_count()
    total = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    assert total and abs(machine["memory_gib"] - int(total[1]) / 2**20) <= 0.51
    assert machine["processor"]


def test_accelerator_is_what_tensorflow_sees() -> None:
    import tensorflow as tf

    assert (backend.accelerator() is None) == (not tf.config.list_physical_devices("GPU"))


def test_versions_are_those_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    versions = backend.versions()
    assert versions["python"] == platform.python_version()
    for name in ("keras", "tensorflow", "numpy"):
        assert versions[name] == importlib.metadata.version(name)
    assert versions["backend"] == "tensorflow" and versions["TF_ENABLE_ONEDNN_OPTS"] == "0"


def test_versions_leave_out_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "jax":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert "jax" not in backend.versions()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A git repository that takes the package's place; a function that runs git in it."""
    monkeypatch.setattr(backend, "__file__", str(tmp_path / "roadsigns" / "backend.py"))

    def git(*words: str) -> str:
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        return subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    return git


def test_commit_is_the_checkouts(checkout: Any, tmp_path: Path) -> None:
    checkout("init", "--quiet")
    assert backend.commit() is None, "no commit yet"
    (tmp_path / "a").write_text("1")
    checkout("add", "a")
    checkout("commit", "--quiet", "--message", "one")
    checkout("tag", "--annotate", "v1", "--message", "a tag must not take the place of the commit")
    head = checkout("rev-parse", "HEAD").strip()
    assert backend.commit() == head
    (tmp_path / "a").write_text("2")
    assert backend.commit() == f"{head}-dirty"


@pytest.mark.usefixtures("checkout")
def test_commit_is_none_outside_a_checkout() -> None:
    assert backend.commit() is None
