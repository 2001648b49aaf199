"""The whole command: a real Ray on two cores, a predictor that is killed in mid-run, runs that go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

import processes
from roadsigns import predict
from roadsigns.classify import __main__ as classify

ROWS = 8_000


def start(*flags: str, **environ: str) -> subprocess.Popen[str]:
    """The command in a process of its own, with which its Ray ends."""
    return subprocess.Popen(
        [sys.executable, "-m", "roadsigns.classify", "--out", "out.parquet", *flags],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_a_predictor_at_work(pid: int) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        for each, name in processes.below(pid).items():
            if "Predictor" in name and "submit" in name:
                os.kill(each, signal.SIGKILL)
                return
        time.sleep(0.02)
    pytest.fail("No predictor was at work")


def rows(folder: str = "out.parquet") -> dict[str, dict[str, object]]:
    found = parquet.read_table(folder).to_pylist()
    by_name = {row["file"]: row for row in found}
    assert len(by_name) == len(found), "a row is there twice"
    return by_name


def test_all_have_one_row_though_a_predictor_is_killed_and_rows_are_those_of_predict(
    here: Path, signs: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    whole = [data for name, data in signs.items() if name != "broken.png"]
    pictures = pyarrow.array([whole[number % len(whole)] for number in range(ROWS)])
    parquet.write_table(pyarrow.table({"image": pictures}), "many.parquet", row_group_size=1_000)
    process = start("signs", "many.parquet", "--recursive", "--predictors", "2")
    try:
        kill_a_predictor_at_work(process.pid)
        said, remarks = process.communicate(timeout=300)
    finally:
        processes.end(process)
    assert process.returncode == 0, remarks
    assert said.splitlines()[1:] == [
        f"wrote out.parquet: {ROWS + len(signs):,} pictures in 1 file",
        "1 could not be read; their rows say why, in the column error",
    ]
    assert remarks == "2 predictors, this machine\n"
    found = rows()
    assert predict.main(["signs", "--recursive", "--parquet", "expected.parquet", "--model", "small"]) == 2
    expected = rows("expected.parquet")
    assert (
        parquet.read_schema("expected.parquet")
        == parquet.read_schema(next(Path("out.parquet").iterdir())).remove_metadata()
    )
    for name, row in expected.items():
        assert {**found[name], "score": 0} == {**row, "score": 0}
        assert found[name]["score"] == pytest.approx(row["score"], abs=1e-5)
    assert len(found) == ROWS + len(expected)
    of_picture = [
        expected[f"signs/{'deep/' if name == '7.png' else ''}{name}"] for name in signs if name != "broken.png"
    ]
    for number in range(ROWS):
        assert found[f"many.parquet#{number}"]["class_id"] == of_picture[number % len(whole)]["class_id"]
    capsys.readouterr()
    assert classify.main(["signs", "many.parquet", "--recursive", "--out", "out.parquet"]) == 0  # starts no Ray
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"wrote out.parquet: 0 pictures in 0 files, {len(found):,} were there before"
    ]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["signs"], "--out is missing: expected the folder that receives the rows. Such as: --out results.parquet"),
        (["--out", "o"], "SOURCE is missing: expected picture files, folders, patterns such as"),
        (["none", "--out", "o"], "Cannot use 'none': No such file or directory"),
        (["none*", "--out", "o"], "No file matches 'none*'"),
        (
            ["http://host/a.png", "--out", "o"],
            "Invalid address 'http://host/a.png': expected s3://BUCKET/PATH, gs://BUCK",
        ),
        (
            ["signs", "--out", "signs"],
            "--out 'signs' holds '0.png', which roadsigns classify did not write. Name a new",
        ),
        (
            ["signs", "--out", "o", "--address", "127.0.0.1:9"],
            "No Ray cluster answers at 127.0.0.1:9: Connection refused",
        ),
        (
            ["signs", "--out", "o", "--address", "here"],
            "Invalid value for --address: expected host:port, ray://host:port",
        ),
    ],
)
def test_what_cannot_be_met_is_told_in_a_line(
    flags: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert classify.main(flags) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"roadsigns classify: {message}") and error.count("\n") == 1


def test_without_ray_the_way_to_install_it_is_told(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert classify.main(["signs", "--out", "o"]) == 2
    line = "roadsigns classify: classify needs Ray Data, which is not installed. Run: pip install 'roadsigns[ray]'\n"
    assert capsys.readouterr().err == line and not Path("o").exists()
