"""Every form of the benchmark gives the same data set; what is of none, or of two, is told."""

from __future__ import annotations

import gzip
import pickle
import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from labelled import asked, fill, packed, pixels, png, training
from roadsigns import data, signs
from roadsigns.errors import DataError

FORMS = {
    "unpacked": "the benchmark's own pictures and tables",
    "torchvision": "the benchmark's own pictures and tables",
    "kaggle": "the benchmark as Kaggle has it",
    "class_folders": "class folders below folders of the splits",
    "table": "a table (labels.csv)",
}


@pytest.mark.parametrize("archived", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_data_set(
    form: str,
    archived: bool,
    request: pytest.FixtureRequest,
    unpacked: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = request.getfixturevalue(form)
    path = packed(folder) if archived else folder
    dataset = data.load(str(path), tmp_path / "cache")
    said = capsys.readouterr().err
    assert f"{path}: {FORMS[form]}".replace("(labels", "(signs/labels" if archived else "(labels") in said
    assert dataset.classes == signs.CLASSES

    def small(image: Any) -> Any:
        return cv2.resize(image, (32, 32), interpolation=cv2.INTER_LINEAR)

    tests = sorted(asked(unpacked), key=lambda each: str(each[0])) if form == "class_folders" else asked(unpacked)
    # Other pictures than the benchmark's shrink to means.
    way = cv2.INTER_LINEAR if "benchmark" in FORMS[form] else cv2.INTER_AREA
    expected = np.array([cv2.resize(image, (32, 32), interpolation=way) for _, _, image in tests])
    np.testing.assert_allclose(dataset.test.images.astype(int), expected.astype(int), atol=way == cv2.INTER_AREA)
    assert dataset.test.labels.tolist() == [label for label, _, _ in tests]
    # A tenth of each class, in whole tracks: one of each.
    pairs = [(label, int(stem[:5])) for label, stem, _ in training(unpacked)]
    aside = {pair for split in [dataset.valid] for pair in _tracks(split, training(unpacked), small)}
    assert sorted(label for label, _ in aside) == [0, 7, 42]
    for split, chosen in ((dataset.train, False), (dataset.valid, True)):
        own = [each for each, pair in zip(training(unpacked), pairs, strict=True) if (pair in aside) == chosen]
        np.testing.assert_array_equal(split.images, [small(image) for _, _, image in own])
        assert split.labels.tolist() == [label for label, _, _ in own]
    assert "a tenth of each class is set apart for valid, in whole tracks, as the files are named" in said


def _tracks(split: Any, pictures: Any, small: Any) -> set[tuple[int, int]]:
    known = {small(image).tobytes(): (label, int(stem[:5])) for label, stem, image in pictures}
    return {known[image.tobytes()] for image in split.images}


def test_all_forms_choose_the_same_tracks(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    valid = [data.load(str(request.getfixturevalue(form)), tmp_path / "cache").valid.images for form in FORMS]
    for images in valid[1:]:
        np.testing.assert_array_equal(images, valid[0])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "train.p",
            pickle.dumps({}),
            "is a single pickle; put it into a folder as one of train.p, ",
        ),
        (
            "own.pkl",
            b"(dp1\n.",
            "put it into a folder as one of train.p, valid.p, test.p. Expected",
        ),
        ("signs.tar.gz", gzip.compress(b"", mtime=0), "is a gzip archive; unpack it and name the folder. Expected"),
        ("signs.7z", b"7z\xbc\xaf\x27\x1c", "is a 7z archive; unpack it and name the folder"),
        (
            "stop.png",
            png(pixels(0)),
            "is a single picture. Expected a folder or zip of train.p, valid.p, test.p, of ",
        ),
        ("signs.npy", b"\x93NUMPY\x01", "is a NumPy array. Expected"),
        ("notes.txt", b"read me", "is of no form that is read. Expected"),
        ("labels.csv", b"a,b\n1,2\n", "has the columns 'a', 'b'; expected the columns path and label"),
        ("labels.csv", b"\xff\xffa", "is no text in UTF-8. Save it as CSV in UTF-8"),
        ("x.parquet", b"PAR1 nothing", "is damaged or no Parquet file ("),
    ],
)
def test_other_files_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        data.load(str(tmp_path / name), tmp_path / "cache")
    assert str(tmp_path / name) in str(caught.value) and "Fetch it again" not in str(caught.value)


PICTURE = png(pixels(0))
BAD_FOLDERS: dict[str, tuple[dict[str, bytes], str]] = {
    "other files": ({"a.txt": b"", "b.txt": b"", "c/d.txt": b"", "e": b""}, "holds 'a.txt', 'b.txt', 'c/d.txt', ..."),
    "no classes": ({"1.png": PICTURE, "2.png": PICTURE}, "holds 2 pictures but no folders of classes, and no table"),
    "too deep": (
        {"a/x/1.png": PICTURE, "b/y/1.png": PICTURE},
        "a/x/1.png lies 2 folders deep; expected CLASS/PICTURE, or train/CLASS/PICTURE",
    ),
    "splits below splits": ({"train/a/b/1.png": PICTURE}, "lies 3 folders deep; expected CLASS/PICTURE"),
    "two at once": (
        {"stop/1.png": PICTURE, "signs.parquet": b""},
        "holds Parquet (signs.parquet) and class folders (stop/1.png). Name the one that is meant, or move the other",
    ),
    "two tables": (
        {"1.png": PICTURE, "a.csv": b"path,label\n1.png,stop\n", "b.csv": b"path,label\n1.png,go\n"},
        "holds the tables a.csv and b.csv. Name the one that is meant, or move the other elsewhere",
    ),
    "a zip": ({"old/signs.zip": b""}, "/old/signs.zip. Expected a folder or zip"),
    "the benchmark's zips": (
        {"GTSRB_Final_Training_Images.zip": b"", "GTSRB_Final_Test_GT.zip": b""},
        "; unpack others into one folder and name that. Expected",
    ),
    "one picture": ({"stop/1.png": PICTURE}, "No class has enough pictures to set one apart for test"),
    "up to case": (
        {f"{name}/{i}.png": PICTURE for name in ("depot", "Depot") for i in range(3)},
        "The classes 'Depot' and 'depot' differ in case alone. Give both one name",
    ),
    "nothing whole": (
        {f"stop/{i}.png": b"\x89PNG\r\n\x1a\n" for i in range(9)},
        "None of the 9 pictures of ",
    ),
}


@pytest.mark.parametrize(("files", "message"), BAD_FOLDERS.values(), ids=BAD_FOLDERS.keys())
def test_folders_of_no_form_are_refused(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    folder = fill(tmp_path / "signs", files)
    with pytest.raises(DataError, match=re.escape(message)):
        data.load(str(folder), tmp_path / "cache")


def test_two_benchmarks_are_refused(unpacked: Path, tmp_path: Path) -> None:
    shutil.copytree(unpacked, tmp_path / "both" / "a")
    shutil.copytree(unpacked, tmp_path / "both" / "b")
    with pytest.raises(DataError, match=r"holds the benchmark in a/GTSRB/.* and in b/GTSRB/.*Name one of the two"):
        data.load(str(tmp_path / "both"), tmp_path / "cache")


def test_command_tells_the_form(class_folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from roadsigns.data.__main__ import main

    assert main(["--data", str(class_folders), "--data-dir", str(tmp_path / "cache")]) == 0
    out, err = capsys.readouterr()
    assert err.startswith(f"{class_folders}: class folders below folders of the splits, classes of the benchmark\n")
    assert [line.split()[:3] for line in out.splitlines()[1:]] == [
        ["train", "12", "3"],
        ["valid", "9", "3"],
        ["test", "4", "3"],
    ]
    assert main(["--data", str(class_folders), "--data-dir", str(tmp_path / "cache"), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
