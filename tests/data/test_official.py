from __future__ import annotations

import io
import pickle
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from roadsigns.data import official
from roadsigns.errors import DataError

MakeBenchmark = Callable[..., Path]
TRACKS = {0: [30, 30, 30], 7: [30, 29], 42: [30]}  # frames of each track, by class
TESTS = [7, 42, 0, 7]
VALID = [1 if label in (0, 7) else 0 for label in range(43)]
COUNTS = {"train": 119, "valid": 60, "test": 4}


@pytest.fixture
def archives(make_benchmark: MakeBenchmark) -> Path:
    return make_benchmark(TRACKS, TESTS)


def fetch(archives: Path, folder: Path, **changes: Any) -> Any:
    asked = []

    def get(address: str, path: Path, *, place: Path) -> None:
        asked.append(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(archives / place.name, path)

    made = official.fetch(folder, **{"valid_tracks": VALID, "pictures": COUNTS, "get": get, **changes})
    return *made, asked


def originals(path: Path) -> dict[tuple[int, ...], np.ndarray[Any, Any]]:
    """All pictures of a zip by their size and first pixels, decoded by Pillow, resized by OpenCV."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".ppm"):
                pixels = np.asarray(Image.open(io.BytesIO(archive.read(name))))
                found[name] = cv2.resize(pixels, (32, 32), interpolation=cv2.INTER_LINEAR)
    return found  # type: ignore[return-value]


def test_fetch_makes_the_three_pickles(archives: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    made, how, asked = fetch(archives, folder)
    assert how == "was fetched to"
    assert asked == [
        f"https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/GTSRB_Final_{name}.zip"
        for name in ("Training_Images", "Test_Images", "Test_GT")
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "test.p", "train.p", "valid.p"]
    assert made.source == "official" and {name: file.pictures for name, file in made.files.items()} == {
        "train.p": 119,
        "valid.p": 60,
        "test.p": 4,
    }

    test = pickle.loads((folder / "test.p").read_bytes())
    assert test["labels"].tolist() == TESTS
    expected = originals(archives / official.TEST_ZIP)
    for index in range(4):
        np.testing.assert_array_equal(test["features"][index], expected[f"GTSRB/Final_Test/Images/{index:05}.ppm"])
    assert test["sizes"].tolist() == [[40, 50]] * 4
    assert test["coords"].tolist() == [[1, 2, 30, 40]] * 4
    assert {key: value.dtype.name for key, value in test.items()} == {
        "features": "uint8",
        "labels": "uint8",
        "sizes": "uint16",
        "coords": "uint16",
    }


def test_fetch_keeps_tracks_whole(archives: Path, tmp_path: Path) -> None:
    fetch(archives, tmp_path / "data")
    train, valid = (pickle.loads((tmp_path / "data" / name).read_bytes()) for name in ("train.p", "valid.p"))
    # In these archives a picture is 20 + frame wide and 25 + track high.
    held = [
        {(int(label), int(height) - 25) for label, (_, height) in zip(split["labels"], split["sizes"], strict=True)}
        for split in (train, valid)
    ]
    assert held[0].isdisjoint(held[1])
    assert held[0] | held[1] == {(0, 0), (0, 1), (0, 2), (7, 0), (7, 1), (42, 0)}
    assert sorted(label for label, _ in held[1]) == [0, 7]
    assert (7, 1) in held[0], "a track that lacks a frame is for training"
    assert np.bincount(valid["labels"]).tolist() == [30, *[0] * 6, 30]
    expected = originals(archives / official.TRAIN_ZIP)
    for split in (train, valid):
        for label, (width, height), pixels in zip(split["labels"], split["sizes"], split["features"], strict=True):
            name = f"GTSRB/Final_Training/Images/{label:05}/{height - 25:05}_{width - 20:05}.ppm"
            np.testing.assert_array_equal(pixels, expected.pop(name))  # type: ignore[call-overload]
    assert not expected, "each picture once"


def test_fetch_gives_the_same_bytes_again(archives: Path, tmp_path: Path) -> None:
    first, _, _ = fetch(archives, tmp_path / "one")
    second, _, _ = fetch(archives, tmp_path / "two")
    assert first == second
    again, how, asked = fetch(archives, tmp_path / "one")
    assert (again, how, asked) == (first, "is already there, in", [])


def test_fetch_reads_and_keeps_archives_that_a_person_put_there(archives: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    own = [folder / official.TRAIN_ZIP, folder / official.TABLE_ZIP]
    for path in own:
        shutil.copy(archives / path.name, path)
    _, how, asked = fetch(archives, folder)
    assert [address.rsplit("/", 1)[-1] for address in asked] == [official.TEST_ZIP]
    assert how == f"was made from {own[0]}, {own[1]}, in"
    assert not (folder / official.TEST_ZIP).exists() and not list(folder.glob(".*"))
    assert [path.read_bytes() for path in own] == [(archives / path.name).read_bytes() for path in own]


def test_fetch_says_how_a_small_set_of_a_persons_own_is_read(archives: Path) -> None:
    message = r"gives 119 pictures for train\.p; expected 34,799\. Move .* elsewhere to have the published one "
    message += r"fetched\. To read a data set of your own, unpack its archives into one folder and name that "
    with pytest.raises(DataError, match=message):
        fetch(archives, archives, pictures=official.PICTURES)
    assert len(list(archives.iterdir())) == 3


def test_valid_tracks_are_those_of_the_published_counts() -> None:
    assert len(official.VALID_TRACKS) == 43
    assert 30 * sum(official.VALID_TRACKS) == 4410 == official.PICTURES["valid"]


def rewrite(path: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


BASE = "GTSRB/Final_Training/Images/00007/"
DAMAGES: dict[str, tuple[str, Callable[[dict[str, bytes]], object], str]] = {
    "a picture less": (official.TRAIN_ZIP, lambda m: m.pop(BASE + "00001_00000.ppm"), "118 pictures for train.p"),
    "no table": (
        official.TRAIN_ZIP,
        lambda m: m.pop(BASE + "GT-00007.csv"),
        "has no GTSRB/Final_Training/Images/00007/GT-",
    ),
    "in no table": (
        official.TRAIN_ZIP,
        lambda m: m.update({BASE + "GT-00007.csv": m[BASE + "GT-00007.csv"].replace(b"00001_00000", b"x")}),
        "00001_00000.ppm in",
    ),
    "another class": (
        official.TRAIN_ZIP,
        lambda m: m.update({BASE + "GT-00007.csv": m[BASE + "GT-00007.csv"].replace(b";7\r", b";8\r")}),
        "is of class 8 by its table",
    ),
    "no picture": (official.TEST_ZIP, lambda m: m.update({"GTSRB/Final_Test/Images/00002.ppm": b"GIF"}), "not a PPM"),
    "no classes": (official.TABLE_ZIP, lambda m: m.pop("GT-final_test.csv"), "has no GT-final_test.csv"),
    "no zip": (official.TEST_ZIP, lambda m: m.clear(), "gives 0 pictures for test.p; expected 4"),
}


@pytest.mark.parametrize(("name", "change", "message"), DAMAGES.values(), ids=DAMAGES.keys())
def test_fetch_refuses(archives: Path, tmp_path: Path, name: str, change: Any, message: str) -> None:
    rewrite(archives / name, change)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        fetch(archives, tmp_path / "data")
    assert re.search(r"\. Delete /.*/\.GTSRB_Final_Test_GT\.zip\.fetched and run again$", str(caught.value))
    assert sorted(path.suffix for path in (tmp_path / "data").iterdir()) == [".fetched"] * 3


def test_fetch_refuses_too_few_tracks(archives: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Class 7 has 1 tracks of 30 frames; expected at least 2"):
        fetch(archives, tmp_path / "data", valid_tracks=[2 * count for count in VALID])


def test_fetch_refuses_a_damaged_zip(archives: Path, tmp_path: Path) -> None:
    path = archives / official.TRAIN_ZIP
    data = bytearray(path.read_bytes())
    data[3000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=rf"{official.TRAIN_ZIP}\.fetched is damaged or no zip \(Bad CRC-32"):
        fetch(archives, tmp_path / "data")
