from __future__ import annotations

import builtins
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from labelled import packed, pixels, png
from roadsigns import data, signs
from roadsigns.data.pixels import sign
from roadsigns.errors import DataError, UsageError


def write(path: Path, labels: list[Any], seed: int = 0, names: list[str] | None = None, **columns: Any) -> list[bytes]:
    images = [png(pixels(seed + i)) for i in range(len(labels))]
    table = pa.table(columns or {"image": [{"bytes": each, "path": None} for each in images], "label": labels})
    if names:
        feature = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(feature)})
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path, row_group_size=7)
    return images


@pytest.mark.parametrize("archived", [False, True], ids=["folder", "zip"])
def test_splits_are_files(tmp_path: Path, archived: bool) -> None:
    images = {}
    for seed, (name, count) in enumerate({"train-00000-of-00002": 90, "train-00001-of-00002": 20, "test": 9}.items()):
        images[name] = write(tmp_path / "own" / "data" / f"{name}.parquet", [i % 43 for i in range(count)], 1000 * seed)
    path = packed(tmp_path / "own") if archived else tmp_path / "own"
    loaded = data.load(str(path), tmp_path / "cache")
    assert loaded.classes == signs.CLASSES
    np.testing.assert_array_equal(loaded.test.images, [sign(each, "a") for each in images["test"]])
    assert loaded.test.labels.tolist() == list(range(9))
    whole = [sign(each, "a").tobytes() for name in sorted(images) if name != "test" for each in images[name]]
    learnt = [each.tobytes() for each in loaded.train.images]
    assert len(loaded.train) + len(loaded.valid) == 110
    assert learnt == [each for each in whole if each in set(learnt)]


def test_one_file_with_named_classes(tmp_path: Path) -> None:
    images = write(tmp_path / "signs.parquet", [1, 0, 1, 0, 1, 0], names=["gate", "depot"])
    loaded = data.load(str(tmp_path / "signs.parquet"), tmp_path / "cache")
    assert loaded.classes.names == ("gate", "depot")
    assert [split.labels.tolist() for split in loaded.splits()] == [[1, 0], [1, 0], [1, 0]]
    np.testing.assert_array_equal(loaded.train.images, [sign(each, "a") for each in images[:2]])


def test_plain_bytes_and_texts(tmp_path: Path) -> None:
    images = [png(pixels(i)) for i in range(6)]
    write(tmp_path / "s.parquet", [], picture=[None, *images], category=["gate"] * 6 + ["gate"])
    loaded = data.load(str(tmp_path / "s.parquet"), tmp_path / "cache")
    assert loaded.classes.names == ("gate",)
    assert sum(len(split) for split in loaded.splits()) == 6
    assert loaded._cache.left_out == [(f"row 0 of {tmp_path}/s.parquet", "holds no image bytes")]  # type: ignore[attr-defined]


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    write(tmp_path / "s.parquet", [], a=[1], b=[2])
    with pytest.raises(DataError, match=re.escape("has the columns a, b; expected image and label")):
        data.load(str(tmp_path / "s.parquet"), tmp_path / "cache")


def test_labels_that_are_none_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "s.parquet", [0, 1, 5, None, 0, 1, 0, 1], names=["gate", "depot"])
    loaded = data.load(str(tmp_path / "s.parquet"), tmp_path / "cache")
    assert [reason for _, reason in loaded._cache.left_out] == ["has no label"] * 2  # type: ignore[attr-defined]


def test_without_pyarrow_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError
        return real(name, *args)

    write(tmp_path / "s.parquet", [0])
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UsageError, match=re.escape("Parquet files need pyarrow: pip install 'roadsigns[parquet]'")):
        data.load(str(tmp_path / "s.parquet"), tmp_path / "cache")
