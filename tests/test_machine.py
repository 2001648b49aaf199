"""What result files say of the machine, by the system's own word and by git."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from roadsigns import machine


def test_a_description_says_where_a_result_comes_from() -> None:
    assert set(machine.description()) == {"commit", "machine", "versions"}


def test_hardware_is_what_the_system_says() -> None:
    found = machine.hardware()
    assert set(found) == {"processor", "cores", "memory_gib", "accelerator"}
    assert found["cores"] == os.cpu_count()
    total = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    assert total and abs(found["memory_gib"] - int(total[1]) / 2**20) <= 0.51
    assert found["processor"]


def test_accelerator_is_what_tensorflow_sees() -> None:
    import tensorflow as tf

    assert (machine.accelerator() is None) == (not tf.config.list_physical_devices("GPU"))


def test_versions_are_those_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    versions = machine.versions()
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
    assert "jax" not in machine.versions()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A git repository that takes the package's place; a function that runs git in it."""
    monkeypatch.setattr(machine, "__file__", str(tmp_path / "roadsigns" / "machine.py"))

    def git(*words: str) -> str:
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        return subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    return git


def test_commit_is_the_checkouts(checkout: Any, tmp_path: Path) -> None:
    checkout("init", "--quiet")
    assert machine.commit() is None, "no commit yet"
    (tmp_path / "a").write_text("1")
    checkout("add", "a")
    checkout("commit", "--quiet", "--message", "one")
    checkout("tag", "--annotate", "v1", "--message", "a tag must not take the place of the commit")
    head = checkout("rev-parse", "HEAD").strip()
    assert machine.commit() == head
    (tmp_path / "a").write_text("2")
    assert machine.commit() == f"{head}-dirty"


@pytest.mark.usefixtures("checkout")
def test_commit_is_none_outside_a_checkout() -> None:
    assert machine.commit() is None
