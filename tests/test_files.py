from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest

from roadsigns.files import beside, locked, named, read, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("length", [0, 9, 10])
def test_read_gives_all_bytes(tmp_path: Path, length: int) -> None:
    (tmp_path / "a").write_bytes(bytes(range(length)))
    assert read(tmp_path / "a", 10) == bytes(range(length))


@pytest.mark.parametrize("path", ["/dev/zero", "long"])
def test_read_has_an_end(tmp_path: Path, path: str) -> None:
    (tmp_path / "long").write_bytes(bytes(11))
    with pytest.raises(OSError, match=f"File of more than 10 bytes: '.*{path}'"):
        read(tmp_path / path, 10)


def test_read_takes_the_memory_of_the_file_and_not_of_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1000)
    tracemalloc.start()
    assert len(read(tmp_path / "a", 2**29)) == 1000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_read_names_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as refused:
        read(tmp_path, 10)
    assert refused.value.filename == str(tmp_path)


def test_read_does_not_wait_for_a_pipe_that_nobody_writes_into(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    assert read(tmp_path / "a", 10) == b""


def test_read_waits_for_who_writes_into_a_pipe(tmp_path: Path) -> None:
    """As in `roadsigns predict <(curl ...)`."""
    reader, writer = os.pipe()

    def write() -> None:
        for part in (b"first", b"last"):
            waits.wait(0.1)
            os.write(writer, part)
        os.close(writer)

    waits = threading.Event()
    thread = threading.Thread(target=write)
    thread.start()
    assert read(Path(f"/dev/fd/{reader}"), 10) == b"firstlast"
    thread.join(10)
    os.close(reader)


def test_beside_makes_the_file_and_the_folders_above(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "model.keras"
    with beside(path) as fresh:
        fresh.write_text("whole")
        assert fresh.parent.parent == path.parent and fresh.name == path.name
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


def test_named_names_a_file_where_the_system_does_not(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught, named(tmp_path / "a"):
        raise OSError(28, "No space left on device")
    assert caught.value.filename == str(tmp_path / "a")
    with pytest.raises(FileNotFoundError) as missing, named(tmp_path / "a"):
        (tmp_path / "b").read_bytes()
    assert missing.value.filename == str(tmp_path / "b")


def test_two_at_once_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    with beside(path) as one, beside(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one", "the outer one ends last"
    assert names(tmp_path) == ["metrics.json"]


KILLED = """
import os, sys
from pathlib import Path
from roadsigns.files import beside
with beside(Path(sys.argv[1])) as fresh:
    fresh.write_text("half")
    os.kill(os.getpid(), 9)
"""


def test_beside_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    path = tmp_path / "train.p"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)])
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".") and names(left) == ["train.p"]
    with beside(path) as fresh:
        assert not left.exists()
        fresh.write_text("whole")
    assert names(tmp_path) == ["train.p"]


@pytest.mark.parametrize("name", [".notes.unfinished", ".0123456789abcde.unfinished", ".0123456789abcdeg.unfinished"])
def test_beside_leaves_a_persons_folder_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "photo.jpg").write_text("mine")
    with beside(tmp_path / "train.p") as fresh:
        fresh.write_text("whole")
    assert (tmp_path / name / "photo.jpg").read_text() == "mine"


def test_locked_is_for_one_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path) as held:
        assert held
        with pytest.raises(BlockingIOError), locked(tmp_path):
            pass
    with locked(tmp_path) as held:
        assert held


def test_locked_waits_where_it_may(tmp_path: Path) -> None:
    done: list[str] = []

    def second() -> None:
        with locked(tmp_path, waiting=waits.set):
            done.append("second")

    waits = threading.Event()
    thread = threading.Thread(target=second)
    with locked(tmp_path):
        thread.start()
        assert waits.wait(10)
        done.append("first")
    thread.join(10)
    assert done == ["first", "second"]


def test_write_json_keeps_a_path_of_other_bytes(tmp_path: Path) -> None:
    value = {"output": "B\udce4ume", "über": "ü"}
    write_json(tmp_path / "a.json", value)
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == value


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


def test_a_pipe_or_device_is_not_replaced(tmp_path):
    """Root could take `/dev/null` away from everybody."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "link"):
        with (
            pytest.raises(OSError, match=r"Is a device, pipe or socket\. Expected a file: .*" + name),
            beside(tmp_path / name) as fresh,
        ):
            fresh.write_text("new")
    assert (tmp_path / "pipe").is_fifo() and (tmp_path / "link").is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe"]
