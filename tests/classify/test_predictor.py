"""A worker of the pool, called without Ray."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from roadsigns import classifier, models, pictures
from roadsigns.classify import predictor
from roadsigns.classify.buckets import Buckets
from roadsigns.classify.predictor import Predictor
from roadsigns.classify.source import Work
from roadsigns.errors import DataError, ModelError


@pytest.fixture
def asked(here: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """A predictor that stands elsewhere, as on another machine."""
    made = Predictor(predictor.carried(models.find("small")), 2, str(here), Buckets())
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    return made


def test_files_rows_and_objects_have_the_answers_of_the_classifier(
    asked: Predictor, here: Path, s3: str, signs: dict[str, bytes]
) -> None:
    names = sorted(signs)[:7]
    parquet.write_table(pyarrow.table({"image": [signs[name] for name in names]}), here / "a.parquet")
    expected = classifier.load("small").predict([signs[name] for name in names])
    for work, called in (
        (Work([f"signs/{name}" for name in names]), [f"signs/{name}" for name in names]),
        (Work([f"{s3}/signs/{name}" for name in names]), [f"{s3}/signs/{name}" for name in names]),
        (Work(["a.parquet"] * 7, 0, range(7)), [f"a.parquet#{row}" for row in range(7)]),
    ):
        rows = asked(work.to_arrow()).to_pylist()
        assert [row["file"] for row in rows] == called
        for row, prediction in zip(rows, expected, strict=True):
            assert row["class_id_2"] == prediction.best[1].class_id and row["class_name"] == prediction.name
            assert row["score"] == pytest.approx(prediction.share, abs=1e-5) and row["error"] is None


def test_a_bad_picture_is_a_row_with_its_reason(asked: Predictor, here: Path, s3: str) -> None:
    names = ["signs/0.png", "signs/broken.png", "signs/gone.png", f"{s3}/signs/gone.png", f"{s3}/signs/1.png"]
    rows = asked(Work(names).to_arrow()).to_pylist()
    assert [row["class_id"] is None for row in rows] == [False, True, True, True, False]
    assert rows[1]["error"].startswith("'signs/broken.png' is no picture, or of another format: ")
    assert rows[2]["error"] == "Cannot use 'signs/gone.png': No such file or directory"
    assert rows[3]["error"].startswith("Cannot use 's3://bucket/signs/gone.png': ")


def test_an_object_that_is_too_large_is_a_row(asked: Predictor, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_BYTES", 100)
    monkeypatch.setattr(predictor, "_PIECE", 30)
    (row,) = asked(Work([f"{s3}/signs/0.png"]).to_arrow()).to_pylist()
    assert row["error"] == "'s3://bucket/signs/0.png' has more than 100 bytes. Make it smaller"


def test_rows_of_a_table_that_is_damaged_or_gone_have_the_reason(
    asked: Predictor, here: Path, signs: dict[str, bytes]
) -> None:
    parquet.write_table(pyarrow.table({"image": [b"", signs["0.png"]]}), here / "a.parquet")
    empty, whole = asked(Work(["a.parquet"] * 2, 0, range(2)).to_arrow()).to_pylist()
    assert empty["error"] == "'a.parquet#0' is empty: expected a picture file" and whole["class_id"] is not None
    (here / "a.parquet").write_bytes(b"PAR1")
    rows = asked(Work(["a.parquet"] * 2, 0, range(2)).to_arrow()).to_pylist()
    assert [(row["file"], "is damaged" in row["error"]) for row in rows] == [
        ("a.parquet#0", True),
        ("a.parquet#1", True),
    ]


def test_when_nothing_at_all_can_be_reached_the_fault_is_not_the_pictures(asked: Predictor) -> None:
    message = "None of 20 pictures in a row can be read: Cannot use 'gone/0.png': No such file or directory"
    with pytest.raises(DataError, match=re.escape(message)):
        asked(Work([f"gone/{number}.png" for number in range(20)]).to_arrow())


def test_a_model_without_an_onnx_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.keras").touch()
    with pytest.raises(
        ModelError, match=r"has no ONNX file, which classify runs\. Export it: roadsigns export --model"
    ):
        predictor.carried(models.find(tmp_path / "model.keras"))


def test_a_model_is_told_from_another_by_its_bytes() -> None:
    small, notebook = (predictor.carried(models.find(name)) for name in ("small", "notebook"))
    assert small.digest == predictor.carried(models.find("small")).digest != notebook.digest
