"""The folder of results."""

from __future__ import annotations

import re
import resource
from collections.abc import Sequence
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from roadsigns import answers
from roadsigns.answers import FileAnswer
from roadsigns.classifier import Guess, Prediction
from roadsigns.classify import parts
from roadsigns.classify.buckets import Buckets
from roadsigns.errors import DataError, UsageError

MADE_BY = {"model": "small", "sha256": "0"}
STOP = Prediction((Guess(14, "Stop", 0.75), Guess(13, "Yield", 0.25)))


def rows(names: Sequence[str], top: int = 1) -> pyarrow.Table:
    return answers.parquet_table([FileAnswer(name, STOP) for name in names], top)


def write(folder: str, names: Sequence[str], made_by: dict[str, str] = MADE_BY, top: int = 1) -> None:
    with parts.opened(folder, made_by, top, Buckets()) as results:
        results.add(rows(names, top))


@pytest.fixture(autouse=True)
def _stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("folder", ["out.parquet", "s3://bucket/deep/out.parquet"])
def test_what_is_written_is_done(folder: str, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS", 3)
    odd = "odd\udcff.png"
    with parts.opened(folder, MADE_BY, 1, Buckets()) as results:
        assert [results.add(rows(names)) for names in (["a", "b"], ["c", odd], ["d"])] == [False, True, False]
        assert not results.is_done(["a"]).any()
    write(folder, [])
    where = Buckets()
    with parts.opened(folder, MADE_BY, 1, where) as results:
        assert results.before == 5
        assert results.is_done(["d", "e", odd, "\udcff"]).tolist() == [True, False, True, False]
    if folder.startswith("s3:"):
        system, path = where.open(folder)
        table = parquet.read_table(path, filesystem=system)
    else:
        table = parquet.read_table(folder)
        assert all(re.fullmatch(r"part-00000[01]-[0-9a-f]{8}\.parquet", each.name) for each in Path(folder).iterdir())
    assert sorted(table.column("file").to_pylist()) == ["a", "b", "c", "d", "odd\\udcff.png"]
    assert table.schema.names == ["file", "class_id", "class_name", "score", "error"]


def test_another_model_or_other_columns_are_refused_and_nothing_is_lost() -> None:
    write("out", ["a"])
    [part] = Path("out").iterdir()
    before = part.read_bytes()
    with pytest.raises(
        UsageError, match=r"was made by another model \(small\): expected best, as it is now\. Give the --m"
    ):
        write("out", ["b"], {"model": "best", "sha256": "1"})
    with pytest.raises(
        UsageError, match=r"has other columns \(file, class_id, class_name, score, error\): expected file"
    ):
        write("out", ["b"], top=2)
    write("out", [], {"model": "./small", "sha256": "0"})  # the same by another name
    part.rename("out/part-000000-00000000.parquet")
    parquet.write_table(pyarrow.table({"file": ["a"]}), "out/part-000001-00000000.parquet")
    with pytest.raises(
        UsageError, match=r"'out/part-000001-00000000.parquet' has other columns \(file\): expected file, c"
    ):
        write("out", ["b"])
    assert Path("out/part-000000-00000000.parquet").read_bytes() == before and len(list(Path("out").iterdir())) == 2


def test_a_folder_of_other_things_and_a_file_are_refused() -> None:
    Path("out").mkdir()
    Path("out/holiday.jpg").touch()
    with pytest.raises(
        UsageError, match=r"--out 'out' holds 'holiday.jpg', which roadsigns classify did not write\. Name"
    ):
        write("out", ["a"])
    with pytest.raises(
        UsageError, match=r"--out 'out/holiday.jpg' is a file: expected a folder, which receives Parquet"
    ):
        write("out/holiday.jpg", ["a"])


def test_a_damaged_part_is_told() -> None:
    Path("out").mkdir()
    Path("out/part-000000-00000000.parquet").write_bytes(b"PAR1")
    with pytest.raises(
        DataError, match=r"'out/part-000000-00000000.parquet' is damaged: .* Delete it: its pictures are t"
    ):
        write("out", ["a"])


def test_two_at_a_time_are_refused() -> None:
    with (
        parts.opened("out", MADE_BY, 1, Buckets()),
        pytest.raises(UsageError, match=r"Another roadsigns classify writes into 'out'\. Wait for its end"),
    ):
        write("out", ["a"])


def test_a_folder_that_stays_empty_does_not_stay() -> None:
    with pytest.raises(DataError), parts.opened("deep/out", MADE_BY, 1, Buckets()):
        raise DataError
    assert not Path("deep/out").exists()
    Path("out").mkdir()
    write("out", [])
    assert Path("out").is_dir(), "it was there before"


def test_what_is_answered_is_kept_when_something_fails() -> None:
    with pytest.raises(KeyboardInterrupt), parts.opened("out", MADE_BY, 1, Buckets()) as results:
        results.add(rows(["a"]))
        raise KeyboardInterrupt
    with parts.opened("out", MADE_BY, 1, Buckets()) as results:
        assert results.before == 1


def test_a_full_disk_in_mid_part_leaves_the_parts_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS", 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with (
        pytest.raises(OSError, match="File too large") as caught,
        parts.opened("out", MADE_BY, 1, Buckets()) as results,
    ):
        results.add(rows(["a"]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            results.add(rows(["b"]))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value.filename).startswith("out/part-000001-")
    assert parquet.read_table("out").column("file").to_pylist() == ["a"]
    write("out", ["b"])
    assert sorted(parquet.read_table("out").column("file").to_pylist()) == ["a", "b"]
