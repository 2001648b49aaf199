"""What the benchmarks count and write, apart from what a machine takes for it."""

from __future__ import annotations

import importlib
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from roadsigns.data import Split

FOLDER = Path(__file__).parent.parent / "benchmarks"
Room = Callable[[str], types.ModuleType]


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """Imports a module of the folder, which is no package."""
    monkeypatch.syspath_prepend(str(FOLDER))
    before = set(sys.modules)

    def load(name: str) -> types.ModuleType:
        return importlib.import_module(name)

    yield load
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(FOLDER) in str(sys.modules[name].__file__):
            del sys.modules[name]


class Clock:
    """Time that passes only in what is measured."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now

    def work(self) -> None:
        self.now += 0.25


def test_rounds_are_as_many_as_asked_for_or_as_the_time_holds(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    stopwatch, clock = room("stopwatch"), Clock()
    monkeypatch.setattr(stopwatch, "time", clock)
    assert stopwatch.rounds(clock.work, least=3, most_seconds=0.1) == [0.25] * 3
    assert stopwatch.rounds(clock.work, least=1, most_seconds=1.0) == [0.25] * 4
    start = clock.now
    assert stopwatch.rounds(clock.work, least=2, most_seconds=0, shortest=1.0) == [0.25] * 2
    assert clock.now - start == 0.25 * (1 + 1 + 2 * 4)  # to warm up, to see how long one takes, four in each of two


def test_a_part_has_its_share_and_no_more_than_the_run(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    stopwatch, clock = room("stopwatch"), Clock()
    monkeypatch.setattr(stopwatch, "time", clock)
    limit = stopwatch.Limit(10, start=clock.now)
    with limit.part(4):
        assert limit.left == 4
        clock.now += 7
        assert limit.left == -3 and limit.passed == 7
    with limit.part(8):
        assert limit.left == 3


@pytest.fixture
def report(room: Room, tmp_path: Path) -> types.ModuleType:
    made = room("gpu_report").Report(tmp_path / "machine.json", True, room("stopwatch").Limit(100), "a" * 40)
    made.limit.end = made.limit.start + 100
    return made


def test_a_row_tells_rates_and_their_share_of_the_peak(report: types.ModuleType, capsys: pytest.CaptureFixture) -> None:
    report.content["peaks"] = {"bfloat16_operations_per_second": 1e6}
    report.row("step", lambda: report.rate(100, [0.5, 1.0, 2.0], 2500, "bfloat16"), batch=100)
    [row] = json.loads(report.path.read_text())["rows"]
    assert row["value"] == {"median": 100, "min": 50, "max": 200}
    assert row["share_of_roofline"] == 0.25  # 100 pictures of 2,500 operations against a million
    assert (row["name"], row["batch"], row["rounds"]) == ("step", 100, 3)
    assert "100 a second" in capsys.readouterr().out


def test_what_fails_or_has_no_time_is_absent_and_the_rest_goes_on(report: types.ModuleType) -> None:
    def memory() -> dict:
        raise RuntimeError("RESOURCE_EXHAUSTED:\n out of memory")

    report.row("large", memory, batch=9)
    report.row("late", lambda: report.rate(1, [1.0]), needs=1000)
    report.row("small", lambda: report.rate(1, [1.0]))
    rows = json.loads(report.path.read_text())["rows"]
    assert [row.get("absent") for row in rows] == [
        "RuntimeError: RESOURCE_EXHAUSTED: out of memory",
        "no time was left",
        None,
    ]


def test_a_rival_that_is_not_there_is_told(room: Room, tmp_path: Path) -> None:
    rival = room("rival")
    with pytest.raises(rival.AbsentError, match="cannot be started"):
        rival.Rival(str(tmp_path / "python"))
    without = tmp_path / "without"
    without.write_text("#!/bin/sh\nexit 1\n")
    without.chmod(0o755)
    with pytest.raises(rival.AbsentError, match="is not installed there"):
        rival.Rival(str(without))


def split(count: int, shade: int) -> Split:
    return Split(np.full((count, 32, 32, 3), shade, np.uint8), np.arange(count, dtype=np.int64) % 43)


def test_an_epoch_has_each_real_picture_once_and_the_share_of_drawn_ones(room: Room) -> None:
    mixed = room("speedrun").mixed
    assert mixed(split(10, 1), None, 0.5)[1] == mixed(split(10, 1), split(50, 2), 0.0)[1] == 100
    whole, percent = mixed(split(10, 1), split(50, 2), 0.5)
    # 10 of 20 pictures of an epoch are drawn; 50 drawn ones last five epochs, so the real ones are there five times.
    assert (len(whole), percent) == (100, 20)
    assert (whole.images[:, 0, 0, 0] == 2).mean() == 0.5
    whole, percent = mixed(split(30, 1), split(12, 2), 0.25)
    assert (len(whole), percent, (whole.images[:, 0, 0, 0] == 2).sum()) == (40, 100, 10)


def test_pictures_come_from_one_file(room: Room, tmp_path: Path) -> None:
    parts = {"train": split(5, 1), "valid": split(2, 2), "test": split(3, 3), "drawn": split(4, 4)}
    arrays = {f"{name}_images": each.images for name, each in parts.items()}
    arrays |= {f"{name}_labels": each.labels.astype(np.uint8) for name, each in parts.items()}
    np.savez(tmp_path / "all.npz", **arrays)
    found, drawn = room("speedrun").pictures(tmp_path / "all.npz")
    assert {name: (len(each), each.images[0, 0, 0, 0]) for name, each in found.items()} == {
        "train": (5, 1),
        "valid": (2, 2),
        "test": (3, 3),
    }
    assert len(drawn) == 4
    del arrays["valid_images"]
    np.savez(tmp_path / "some.npz", **arrays)
    with pytest.raises(SystemExit, match="has no valid_images"):
        room("speedrun").pictures(tmp_path / "some.npz")


def test_the_recipe_is_that_of_train_and_flags_change_it(room: Room) -> None:
    flags, options = room("speedrun").asked(["pictures.npz", "--epochs", "12", "--network", "notebook"])
    assert (options.epochs, options.batch_size, options.schedule, options.network) == (12, 256, "cosine", "notebook")
    assert (flags.target, flags.seeds) == (99.0, 1)
    with pytest.raises(SystemExit):
        room("speedrun").asked(["pictures.npz", "--drawn-share", "1"])
