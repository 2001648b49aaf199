from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from roadsigns.files import beside, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_beside_makes_the_file_and_the_folders_above(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "model.keras"
    with beside(path) as fresh:
        fresh.write_text("whole")
        assert fresh.parent == path.parent and fresh.suffix == ".keras"
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names(path.parent) == ["model.keras"]


def test_beside_replaces_a_file(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("old")
    with beside(path) as fresh:
        fresh.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["history.csv"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_beside_leaves_the_old_file_on_an_exception(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "history.csv"
    path.write_text("old")
    with pytest.raises(error), beside(path) as fresh:
        fresh.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["history.csv"]


def test_beside_needs_something_made(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), beside(path):
        pass
    assert path.read_text() == "old"


def test_beside_renames_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "models" / "1"
    with beside(path) as fresh:
        (fresh / "assets").mkdir(parents=True)
        (fresh / "assets" / "names.csv").write_text("0")
    assert (path / "assets" / "names.csv").read_text() == "0"
    assert names(path.parent) == ["1"]


@pytest.mark.parametrize("taken", ["file", "folder"])
def test_beside_refuses_a_folder_on_a_taken_name(tmp_path: Path, taken: str) -> None:
    path = tmp_path / "1"
    with pytest.raises(OSError), beside(path) as fresh:
        fresh.mkdir()
        (fresh / "new").write_text("new")
        if taken == "folder":  # as when another process was faster
            path.mkdir()
        (path / "theirs" if taken == "folder" else path).write_text("theirs")
    assert (path / "theirs" if taken == "folder" else path).read_text() == "theirs"
    assert names(tmp_path) == ["1"]


def test_beside_removes_a_half_made_folder(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), beside(tmp_path / "1") as fresh:
        (fresh / "assets").mkdir(parents=True)
        raise RuntimeError
    assert names(tmp_path) == []


def test_two_at_once_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    with beside(path) as one, beside(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one", "the outer one ends last"
    assert names(tmp_path) == ["metrics.json"]


def test_write_json_is_readable_by_people_and_programs(tmp_path: Path) -> None:
    value = {"name": "Überholverbot", "shares": [0.5, None], "empty": {}}
    write_json(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == value
    assert "Überholverbot" in text and text.endswith("}\n") and re.search(r'^  "name"', text, re.MULTILINE)


def test_write_json_leaves_the_old_file_where_a_value_has_no_form(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", 1)
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"path": object()})
    assert (tmp_path / "a.json").read_text() == "1\n"
    assert names(tmp_path) == ["a.json"]
