"""Which pickle is read, in a folder and in a zip, among what else is there."""

from __future__ import annotations

import pickle
import re
import shutil
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from roadsigns import data
from roadsigns.data.pickles import held, read_split
from roadsigns.errors import DataError

MakeZip = Callable[..., Path]


def test_read_split_is_what_was_packed(archive: Path, pickles: dict[str, bytes]) -> None:
    for name, count in (("train", 6), ("valid", 3), ("test", 4)):
        split = read_split(archive, name)  # type: ignore[arg-type]
        packed = pickle.loads(pickles[f"{name}.p"])
        np.testing.assert_array_equal(split.images, packed["features"])
        np.testing.assert_array_equal(split.labels, packed["labels"])
        assert len(split) == count


def test_read_split_of_a_folder(tmp_path: Path, pickles: dict[str, bytes]) -> None:
    for name, content in pickles.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "notes.txt").write_text("a folder may hold other things")
    assert len(read_split(tmp_path, "valid")) == 3
    (tmp_path / "valid.p").unlink()
    with pytest.raises(DataError, match=re.escape(f"{tmp_path} has no valid.p")):
        read_split(tmp_path, "valid")
    assert len(read_split(tmp_path, "train")) == 6


CLUTTER = {
    "__MACOSX/._train.p": b"mac",
    "__MACOSX/train.p": b"mac",
    ".DS_Store": b"mac",
    "README.md": b"read me",
    "more.p": b"",
    "TRAIN.P": b"",
    "old/train.p": b"another",
    "train.p/": b"",
}


@pytest.mark.parametrize("top", ["", "signs/", "a/b/"])
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_other_files_do_not_matter(
    make_zip: MakeZip, pickles: dict[str, bytes], tmp_path: Path, top: str, form: str
) -> None:
    clutter = {f"{top}{name}": content for name, content in CLUTTER.items() if form == "zip" or name != "train.p/"}
    path = make_zip({**clutter, "README": b"", "__MACOSX/._signs": b"", **{top + k: v for k, v in pickles.items()}})
    if form == "folder":
        shutil.unpack_archive(path, tmp_path / "folder")
        path = tmp_path / "folder"
    assert held(path) == ("train", "valid", "test")
    assert [len(split) for split in data.load(str(path)).splits()] == [6, 3, 4]


def test_of_two_folders_a_person_chooses(make_zip: MakeZip, pickles: dict[str, bytes]) -> None:
    path = make_zip({f"{folder}/{name}": content for folder in "ba" for name, content in pickles.items()})
    with pytest.raises(DataError, match=re.escape(f"{path} holds a data set in a/ and one in b/. Name one of the two")):
        read_split(path, "train")


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_a_split_needs_no_other(make_zip: MakeZip, pickles: dict[str, bytes], split: str) -> None:
    path = make_zip({f"{split}.p": pickles[f"{split}.p"]})
    assert len(read_split(path, split)) == {"train": 6, "valid": 3, "test": 4}[split]  # type: ignore[arg-type]
    missing = "train" if split == "test" else "test"
    with pytest.raises(DataError, match=rf"has no {missing}\.p; expected train\.p, valid\.p, test\.p$"):
        read_split(path, missing)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_without_a_validation_split_one_is_set_apart(
    make_zip: MakeZip, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    labels = np.array([7] * 20 + [3] * 5 + [1])
    images = np.random.default_rng(0).integers(0, 256, (26, 32, 32, 3), dtype=np.uint8)
    content = pickle.dumps({"features": images, "labels": labels})
    path = make_zip({"train.p": content, "test.p": content})
    if form == "folder":
        shutil.unpack_archive(path, tmp_path / "folder")
        path = tmp_path / "folder"
    loaded = data.load(str(path))
    assert loaded.valid.labels.tolist() == [7, 7, 3]
    np.testing.assert_array_equal(loaded.valid.images, images[[18, 19, 24]])
    np.testing.assert_array_equal(loaded.train.images, images[[*range(18), *range(20, 24), 25]])
    assert loaded.train.labels.tolist() == [7] * 18 + [3] * 4 + [1]
    assert len(loaded.test) == 26
    said = capsys.readouterr().err
    assert said == f"{path} has no valid.p: the last tenth of each class of train.p is set apart for it\n"
    assert loaded.manifest["pictures"] == {"train": 23, "valid": 3, "test": 26}


def test_of_single_pictures_none_can_be_set_apart(make_zip: MakeZip, pickles: dict[str, bytes]) -> None:
    path = make_zip({"train.p": pickles["train.p"], "test.p": pickles["test.p"]})
    message = "has no valid.p, and no class of train.p has two pictures to set one apart for it"
    with pytest.raises(DataError, match=re.escape(message)):
        data.load(str(path)).splits()


@pytest.mark.parametrize("extra", ["/train.p", "../train.p", "a\x00b", "a\\train.p"])
def test_a_member_that_leads_out_is_refused(make_zip: MakeZip, pickles: dict[str, bytes], extra: str) -> None:
    path = make_zip({**pickles, "x" * len(extra): b""})
    path.write_bytes(path.read_bytes().replace(b"x" * len(extra), extra.encode()))
    with pytest.raises(DataError, match=re.escape(f"{path} holds {extra!r}, which leads out of the archive")):
        read_split(path, "train")


def test_read_split_refuses_a_member_twice(archive: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the duplicate
        with zipfile.ZipFile(archive, "a") as opened:
            opened.writestr("valid.p", b"")
    with pytest.raises(DataError, match=r"holds 'valid\.p' twice"):
        read_split(archive, "train")
