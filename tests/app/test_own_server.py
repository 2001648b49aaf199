"""The model server beside the app: which model it serves. Its process is tested with the command's."""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from roadsigns.app import own_server
from roadsigns.errors import ModelError, UsageError


@pytest.fixture(autouse=True)
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that model servers were started on, in an empty working folder with a cache of its own."""
    folders: list[Path] = []

    @contextlib.contextmanager
    def model_server(folder: Path) -> Iterator[str]:
        folders.append(folder)
        yield "127.0.0.1:1"

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(own_server.embedded, "model_server", model_server)
    return folders


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of the exports, each of which makes a version."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        commands.append(command)
        version(Path(command[command.index("--output") + 1]) / command[command.index("--version") + 1])
        return SimpleNamespace(stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def version(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()


def test_a_persons_own_model_is_preferred(served: list[Path], exports: list[list[str]], tmp_path: Path) -> None:
    version(tmp_path / "models" / "roadsigns" / "3")
    said: list[str] = []
    with own_server.model_server(said.append) as address:
        assert address == "127.0.0.1:1"
    assert served == [tmp_path / "models" / "roadsigns"] and not exports
    assert said == [f"starting a model server on {served[0]}"]


def test_a_version_without_a_graph_is_none(served: list[Path], exports: list[list[str]]) -> None:
    Path("models/roadsigns/3").mkdir(parents=True)
    with own_server.model_server(lambda text: None):
        assert len(exports) == 1 and "cache" in served[0].parts


def test_shipped_weights_are_exported_once(exports: list[list[str]], tmp_path: Path) -> None:
    said: list[str] = []
    folder = own_server.shipped_model(said.append)
    assert folder.is_relative_to(tmp_path / "cache")
    assert own_server.shipped_model(said.append) == folder
    assert len(exports) == len(said) == 1 and exports[0][1:3] == ["-m", "roadsigns.export"]


def test_other_weights_have_a_folder_of_their_own(
    exports: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an update of the package, whose cache may be there from before."""
    folders = set()
    for weights in (b"old", b"new"):
        (tmp_path / "weights").mkdir(exist_ok=True)
        (tmp_path / "weights" / "small.keras").write_bytes(weights)
        monkeypatch.setattr(own_server.resources, "files", lambda package: tmp_path)
        folders.add(own_server.shipped_model(lambda text: None))
    assert len(folders) == 2


def test_an_export_that_fails_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stderr="No space left\n"))
    with pytest.raises(ModelError, match=r"The export to '.*' failed: No space left\. XDG_CACHE_HOME can name another"):
        own_server.shipped_model(lambda text: None)


def test_without_tensorflow_an_address_is_asked_for(served: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="Set TENSORFLOW_HOST=host:port"), own_server.model_server(lambda text: None):
        pass
    assert not served
