"""Result files side by side."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import compare_results
import pytest
from PIL import Image

RESULTS = Path(__file__).parent.parent.parent / "benchmarks" / "results"
COMMON = {"command": "c", "commit": "abc", "date": "2026-11-26", "versions": {"roadsigns": "0.1.0"}}


def spread(median: float) -> dict[str, float]:
    return {"median": median, "min": median * 0.9, "max": median * 1.1}


def result(name: str, ours: float, theirs: float, **facts: Any) -> dict[str, Any]:
    values = {"subject_value": spread(ours), "rival_value": spread(theirs), "ratio": spread(ours / theirs)}
    return {
        **COMMON,
        "machine": {},
        "name": name,
        "subject": "ours",
        "rival": "theirs",
        "unit": "requests a second",
        **values,
        **facts,
    }


def write(name: str, content: object) -> Path:
    Path(name).write_text(json.dumps(content))
    return Path(name)


def told(*arguments: object) -> list[str]:
    said: list[str] = []
    compare_results.main([str(each) for each in arguments], said.append)
    return said[0].splitlines()


@pytest.fixture(autouse=True)
def _stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_comparison_is_a_row_for_each_side() -> None:
    path = write("a.json", [result("a", 2000, 10, clients=1), result("a", 30, 5, clients=8)])
    assert told(path)[2:] == [
        "| what | unit | median | least to most |",
        "| --- | --- | ---: | ---: |",
        "| ours, clients 1 | requests a second | 2,000 | 1,800 to 2,200 |",
        "| theirs, clients 1 | requests a second | 10 | 9 to 11 |",
        "| ours, clients 8 | requests a second | 30 | 27 to 33 |",
        "| theirs, clients 8 | requests a second | 5 | 4.5 to 5.5 |",
    ]


def test_pytest_benchmarks_rates_have_the_spread_of_their_times() -> None:
    stats = {"median": 2.0, "min": 1.0, "max": 4.0}
    rows = [
        {"name": "epoch", "stats": stats, "extra_info": {"images_per_second": 100.0}},
        {"name": "step", "stats": stats},
    ]
    path = write("a.json", {"version": "5.3.1", "machine_info": {}, "benchmarks": rows})
    assert told(path)[4:] == [
        "| epoch | images per second | 100 | 50 to 200 |",
        "| step | seconds | 2 | 1 to 4 |",
    ]


def test_rows_of_a_gpu_are_read_and_those_that_are_absent_left_out() -> None:
    rows = [{"name": "epoch", "unit": "images per second", "value": spread(10)}, {"name": "lost", "absent": "no room"}]
    path = write(
        "a.json", {**COMMON, "name": "gpu", "machine": {"accelerator": "H100"}, "rows": rows, "comparisons": []}
    )
    assert told(path) == [
        "a.json: H100; roadsigns 0.1.0; commit abc",
        "",
        "| what | unit | median | least to most |",
        "| --- | --- | ---: | ---: |",
        "| epoch | images per second | 10 | 9 to 11 |",
    ]


def test_two_are_compared_by_name_and_less_time_is_better(tmp_path: Path) -> None:
    before = write("a.json", [result("a", 10, 5), result("b", 4, 8, unit="seconds"), result("c", 1, 1, unit="MB")])
    after = write("b.json", [result("a", 30, 5), result("b", 2, 8, unit="seconds"), result("d", 1, 1, clients=9)])
    lines = told(before, after, "--plot", "a.png")
    assert [line.split(" | ")[0:5:4] + line.split(" | ")[2:4] for line in lines[5:9]] == [
        ["| ours", "3.00 |", "10", "30"],
        ["| theirs", "1.00 (within the spread) |", "5", "5"],
        ["| ours", "2.00 |", "4", "2"],
        ["| theirs", "1.00 (within the spread) |", "8", "8"],
    ]
    assert lines[9:] == ["", "Only in a.json: ours; theirs", "", "Only in b.json: ours, clients 9; theirs, clients 9"]
    with Image.open("a.png") as image:
        assert image.format == "PNG" and image.width > 600 and len(image.getcolors(10**6)) > 50


def test_another_machine_is_told() -> None:
    other = {**result("a", 1, 1), "machine": {"accelerator": "H100"}}
    line = "The machines differ, so that a ratio tells of them too."
    assert line in told(write("a.json", result("a", 1, 1)), write("b.json", other))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "'a.json' is no JSON: "),
        ("[]", "'a.json' is no result file: expected an object, or a list of objects"),
        ("[1]", "'a.json' is no result file: expected an object, or a list of objects"),
        ('{"name": "a"}', "'a.json' is no result file, or one of another version: 'command' is missing. "),
        ('{"version": "9.1", "benchmarks": []}', "'a.json' is of pytest-benchmark 9.1: expected 3 to 5. "),
        ('{"benchmarks": []}', "'a.json' is a result file of another version (KeyError: "),
        (json.dumps({**result("a", 1, 1), "subject_value": 7}), "'a.json' is a result file of another version"),
        (json.dumps({**COMMON, "name": "a", "machine": {}}), "'a.json' holds no rates, times or "),
    ],
)
def test_what_cannot_be_read_is_told(content: str, message: str) -> None:
    Path("a.json").write_text(content)
    with pytest.raises(SystemExit, match=f"^compare_results: {re.escape(message)}"):
        told("a.json")


def test_different_things_three_files_and_a_missing_one_are_refused() -> None:
    one, other = write("a.json", result("a", 1, 1)), write("b.json", result("a", 1, 1, unit="MB"))
    with pytest.raises(SystemExit, match=r"a\.json and b\.json measure different things: no name is in both"):
        told(one, other)
    with pytest.raises(SystemExit, match=r"Expected one file, or two to compare\. Received: 3"):
        told(one, one, one)
    with pytest.raises(SystemExit, match=r"Cannot use 'c\.json': No such file or directory"):
        told("c.json")


@pytest.mark.parametrize("name", ["engines", "servers", "training-cpu", "accuracy-drawn", "predict"])
def test_the_projects_own_files_are_read(name: str) -> None:
    assert len(told(RESULTS / f"{name}.json")) > 4
