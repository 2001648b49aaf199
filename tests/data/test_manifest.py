from __future__ import annotations

import json
from pathlib import Path

import pytest

from roadsigns.data import manifest
from roadsigns.data.manifest import FileRecord, Manifest
from roadsigns.errors import DataError


@pytest.fixture
def record(tmp_path: Path) -> FileRecord:
    """Of `train.p`, which is there."""
    (tmp_path / "train.p").write_bytes(b"ours")
    return manifest.record(tmp_path / "train.p", 3)


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path, record: FileRecord) -> None:
    made = Manifest("gtsrb", "http://127.0.0.1/a.zip", {"train.p": record})
    made.write(tmp_path)
    assert manifest.read(tmp_path, "gtsrb", ("train.p",)) == made
    assert not (tmp_path / manifest.BEGUN).exists()


def test_files_that_were_begun_are_ours_by_their_sums(tmp_path: Path, record: FileRecord) -> None:
    (tmp_path / "train.p").unlink()
    manifest.begin(tmp_path, {"train.p": record})
    (tmp_path / "train.p").write_bytes(b"ours")
    assert manifest.read(tmp_path, "gtsrb", ("train.p",)) is None
    manifest.begin(tmp_path, {"train.p": record})
    (tmp_path / "train.p").write_bytes(b"mine")
    for again in (manifest.read, lambda folder, *args: manifest.begin(folder, {"train.p": record})):
        with pytest.raises(DataError, match=r"holds train\.p but no manifest\.json, so where it comes from is unknown"):
            again(tmp_path, "gtsrb", ("train.p",))
    assert (tmp_path / "train.p").read_bytes() == b"mine"


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"train.p": 3}', '{"train.p": {"sha256": 1}}'])
def test_a_damaged_note_makes_nothing_ours(tmp_path: Path, record: FileRecord, text: str) -> None:
    (tmp_path / manifest.BEGUN).write_text(text)
    with pytest.raises(DataError, match="so where it comes from is unknown"):
        manifest.read(tmp_path, "gtsrb", ("train.p",))


def test_nobody_is_told_to_delete_a_folder(tmp_path: Path, record: FileRecord) -> None:
    (tmp_path / manifest.NAME).write_text(json.dumps({"name": "a manifest of something else"}))
    with pytest.raises(
        DataError, match=r"or no manifest of roadsigns .* Choose another folder with --data-dir\."
    ) as told:
        manifest.read(tmp_path, "gtsrb", ("train.p",))
    assert f"Delete {tmp_path}" not in str(told.value)
