from __future__ import annotations

import os
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from roadsigns.data import tree
from roadsigns.data.tree import open_tree
from roadsigns.errors import DataError

FILES = {"b.txt": b"b", "a/c.txt": b"cc", "a/d/e.txt": b"eee", "a/.hidden": b"", "__MACOSX/a": b"", "a/Thumbs.db": b""}


@pytest.fixture(params=["zip", "folder"])
def path(request: pytest.FixtureRequest, make_zip: Callable[..., Path], tmp_path: Path) -> Path:
    packed = make_zip(FILES)
    if request.param == "zip":
        return packed
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "folder")
    return tmp_path / "folder"


def test_names_are_sorted_and_without_what_is_left_behind(path: Path) -> None:
    with open_tree(path) as files:
        assert list(files.names) == ["a/c.txt", "a/d/e.txt", "b.txt"]


def test_names_are_sorted_as_whole_texts(make_zip: Callable[..., Path], tmp_path: Path) -> None:
    """A slash stands between a point and letters."""
    names = ["a/1", "a.b/1", "a.c", "a-b/1", "ab/1", "a/b/1", "a/b.c", "B", "ä/1"]
    packed = make_zip(dict.fromkeys(names, b""))
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "folder")
    for path in (packed, tmp_path / "folder"):
        with open_tree(path) as files:
            assert list(files.names) == sorted(names)


def test_files_are_read_to_a_limit(path: Path) -> None:
    with open_tree(path) as files:
        assert files.read("a/d/e.txt", 3) == b"eee" and files.size("a/d/e.txt") == 3
        assert files.has("b.txt") and not files.has("a") and not files.has("c.txt")
        with pytest.raises(DataError, match="3 bytes; at most 2 are "):
            files.read("a/d/e.txt", 2)
        with pytest.raises(DataError, match=re.escape(str(path))):
            files.read("c.txt", 9)


def test_a_stamp_changes_with_the_file(path: Path, make_zip: Callable[..., Path]) -> None:
    with open_tree(path) as files:
        before = files.stamp("b.txt")
    if path.is_dir():
        (path / "b.txt").write_bytes(b"x")
        os.utime(path / "b.txt", ns=(1, 1))
    else:
        make_zip({**FILES, "b.txt": b"x"})
    with open_tree(path) as files:
        assert files.stamp("b.txt") != before


def test_links_are_followed_but_not_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "signs" / "stop").mkdir(parents=True)
    (tmp_path / "signs" / "stop" / "1.png").write_bytes(b"")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "2.png").write_bytes(b"")
    (tmp_path / "signs" / "give way").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "signs" / "stop" / "up").symlink_to(tmp_path / "signs")
    (tmp_path / "signs" / "nothing").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "signs" / "pipe")
    with open_tree(tmp_path / "signs") as files:
        assert list(files.names) == ["give way/2.png", "stop/1.png"]


def test_a_folder_too_deep_or_too_full_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "/".join("a" * 20)).mkdir(parents=True)
    with (
        open_tree(tmp_path) as files,
        pytest.raises(DataError, match=r"lies 16 folders deep\. Name the data set's own"),
    ):
        files.names  # noqa: B018
    monkeypatch.setattr(tree, "MAX_FILES", 2)
    for name in "abc":
        (tmp_path / f"{name}.txt").write_bytes(b"")
    (tmp_path / "a").rename(tmp_path.parent / "deep")
    with open_tree(tmp_path) as files, pytest.raises(DataError, match="holds more than 2 files"):
        files.names  # noqa: B018


def test_names_that_no_file_can_have_are_of_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "loop").symlink_to("loop")
    with open_tree(tmp_path) as files:
        for name in ("\0", "x" * 5000, "a/b", "loop", "none", ""):
            assert not files.has(name)
            with pytest.raises(DataError, match="is missing or no plain file"):
                files.read(name, 9)


def test_a_folder_that_is_twice_in_a_zip_does_no_harm(make_zip: Callable[..., Path]) -> None:
    path = make_zip({})
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("a/", "a/", "a/1"):
            archive.writestr(name, b"")
    with open_tree(path) as files:
        assert list(files.names) == ["a/1"] and not files.has("a/")


def test_what_is_neither_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="neither a zip nor a folder"), open_tree(tmp_path / "pipe"):
        pass
