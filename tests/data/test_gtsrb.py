from __future__ import annotations

import hashlib
import json
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadsigns import data
from roadsigns.data import gtsrb
from roadsigns.errors import DataError

COUNTS = {"train": 6, "valid": 3, "test": 4}


def fetch(archive: Path | None, folder: Path, **changes: Any) -> Any:
    def get(address: str, path: Path, *, place: Path, max_bytes: int) -> None:
        assert place == folder / "traffic-signs-data.zip"
        assert archive is not None, "nothing was to be fetched"
        assert address.endswith("/5898cd6f_traffic-signs-data/traffic-signs-data.zip")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(archive, path)

    return gtsrb.fetch(folder, **{"pictures": COUNTS, "get": get, **changes})


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_fetch_unpacks_and_records(archive: Path, tmp_path: Path, pickles: dict[str, bytes]) -> None:
    folder = tmp_path / "some" / "data"
    made, how = fetch(archive, folder)
    assert how == "was fetched to"
    assert listing(folder) == ["manifest.json", "test.p", "train.p", "valid.p"]
    assert {name: (folder / name).read_bytes() for name in pickles} == pickles
    assert json.loads((folder / "manifest.json").read_text()) == {
        "source": "gtsrb",
        "address": gtsrb.ADDRESS,
        "files": {
            name: {
                "bytes": len(pickles[name]),
                "sha256": hashlib.sha256(pickles[name]).hexdigest(),
                "pictures": COUNTS[name[:-2]],
            }
            for name in ("train.p", "valid.p", "test.p")
        },
    }
    assert fetch(None, folder) == (made, "is already there, in")


def test_fetch_reads_and_keeps_a_zip_that_a_person_put_there(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    own = folder / "traffic-signs-data.zip"
    shutil.copy(archive, own)
    assert fetch(None, folder)[1] == f"was made from {own}, in"
    assert listing(folder) == ["manifest.json", "test.p", "traffic-signs-data.zip", "train.p", "valid.p"]
    assert own.read_bytes() == archive.read_bytes()


@pytest.mark.parametrize("name", ["traffic-signs-data.zip", "traffic-signs-data.zip.part", "train.p", "manifest.json"])
def test_fetch_keeps_what_a_person_puts_there_meanwhile(archive: Path, tmp_path: Path, name: str) -> None:
    """The error of a slow network advises to fetch the zip elsewhere, and a browser names its part as we once did."""
    folder = tmp_path / "data"

    def get(address: str, path: Path, **options: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(archive, path)
        (folder / name).write_bytes(b"mine")

    if name.endswith((".zip", ".part")):
        gtsrb.fetch(folder, pictures=COUNTS, get=get)
        assert listing(folder) == sorted(["manifest.json", "test.p", "train.p", "valid.p", name])
    else:
        with pytest.raises(DataError, match=re.escape(str(folder))):
            gtsrb.fetch(folder, pictures=COUNTS, get=get)
    assert (folder / name).read_bytes() == b"mine"


def test_fetch_after_a_kill_replaces_its_own_files_only(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fetch(archive, folder)
    (folder / "manifest.json").rename(folder / "manifest.json.begun")
    begun = json.loads((folder / "manifest.json.begun").read_text())
    (folder / "manifest.json.begun").write_text(json.dumps(begun["files"]))
    (folder / "valid.p").write_bytes(b"mine")
    with pytest.raises(DataError, match=r"holds valid\.p but no manifest\.json, so where it comes from is unknown"):
        fetch(archive, folder)
    assert (folder / "valid.p").read_bytes() == b"mine"
    (folder / "valid.p").unlink()
    assert fetch(archive, folder)[1] == "was fetched to"


def test_fetch_advises_nobody_to_delete_a_zip_of_their_own(make_zip: Any, pickles: Any, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    own = make_zip(pickles).rename(folder / "traffic-signs-data.zip")
    message = f"train.p in {own} holds 6 pictures; the published one holds 34,799. Move {own} elsewhere to have the "
    with pytest.raises(
        DataError, match=re.escape(message) + ".*. To read a data set of your own, name its zip with --data$"
    ):
        fetch(None, folder, pictures=gtsrb.PICTURES)
    assert own.exists()


def test_fetch_checks_the_published_counts(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with pytest.raises(DataError, match=r"train\.p in .* holds 6 pictures; the published one holds 34,799\. Delete "):
        fetch(archive, folder, pictures=gtsrb.PICTURES)
    assert listing(folder) == [".traffic-signs-data.zip.fetched"]


def test_fetch_refuses_a_damaged_zip_and_unpacks_nothing(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    fetched = folder / ".traffic-signs-data.zip.fetched"
    message = f"{fetched} is damaged or no zip (.*). Delete {fetched} and run again"
    with pytest.raises(DataError, match=re.sub(r"[()]", r"\\\g<0>", message)):
        fetch(archive, folder)
    assert listing(folder) == [".traffic-signs-data.zip.fetched"]


def test_fetch_refuses_pickles_of_unknown_source(archive: Path, tmp_path: Path, pickles: dict[str, bytes]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "valid.p").write_bytes(b"mine")
    with pytest.raises(DataError, match=r"holds valid\.p but no manifest\.json, so where it comes from is unknown"):
        fetch(archive, folder)
    assert listing(folder) == ["valid.p"] and (folder / "valid.p").read_bytes() == b"mine"


def test_fetch_refuses_a_folder_of_another_source(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fetch(archive, folder)
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"gtsrb"', '"official"'))
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"holds 'official', not 'gtsrb'. Choose another folder with --data-dir"):
        fetch(archive, folder)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"source": "gtsrb", "address": "", "files": {}}', "[" * 100_000, '"\\ud800"'],
)
def test_fetch_refuses_a_damaged_manifest(archive: Path, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "data"
    fetch(archive, folder)
    (folder / "manifest.json").write_text(text)
    with pytest.raises(
        DataError, match=re.escape(f"{folder / 'manifest.json'} is damaged, or no manifest of roadsigns (")
    ) as caught:
        fetch(archive, folder)
    way_out = f"If roadsigns made {folder}, delete the .p files and manifest.json in it and run again"
    assert "Choose another folder with --data-dir" in str(caught.value) and str(caught.value).endswith(way_out)
    assert len(str(caught.value)) < 500


@pytest.fixture
def stored(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], data.Dataset]:
    """Loads the small data set, which is in `tmp_path / "data"`, as `gtsrb`."""
    fetch(archive, tmp_path / "data")
    monkeypatch.setitem(data.sources.SOURCES, "gtsrb", lambda folder: fetch(None, folder))
    return lambda: data.load("gtsrb", tmp_path / "data")


def test_load_reads_what_is_stored(stored: Callable[[], data.Dataset], pickles: dict[str, bytes]) -> None:
    dataset = stored()
    assert dataset.source == "gtsrb" and dataset.found
    for name in ("train", "valid", "test"):
        expected = pickle.loads(pickles[f"{name}.p"])
        np.testing.assert_array_equal(getattr(dataset, name).images, expected["features"])
    assert dataset.train is dataset.train
    assert dataset.manifest["pictures"] == COUNTS
    assert dataset.manifest["files"]["test.p"] == {
        "bytes": len(pickles["test.p"]),
        "sha256": hashlib.sha256(pickles["test.p"]).hexdigest(),
    }


def test_load_finds_a_missing_or_shortened_file_at_once(stored: Callable[[], data.Dataset], tmp_path: Path) -> None:
    path = tmp_path / "data" / "test.p"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=re.escape(f"{path} has ") + ".* its manifest says .* delete the .p files and"):
        stored()
    path.unlink()
    with pytest.raises(
        DataError, match=re.escape(f"{path} is missing. If roadsigns made {path.parent}, delete the .p files")
    ):
        stored()


def test_load_finds_a_changed_pixel_when_the_split_is_read(stored: Callable[[], data.Dataset], tmp_path: Path) -> None:
    path = tmp_path / "data" / "test.p"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    dataset = stored()
    assert len(dataset.train) == 6
    with pytest.raises(DataError, match=re.escape(f"{path} has changed: SHA-256 ")):
        dataset.test  # noqa: B018


@pytest.mark.gtsrb
def test_published_archive_is_the_benchmark(published: Path, tmp_path: Path) -> None:
    dataset = data.load(str(published))
    counts = {name: len(split) for name, split in zip(("train", "valid", "test"), dataset.splits(), strict=True)}
    assert counts == gtsrb.PICTURES
    assert dataset.manifest == {
        "source": str(published),
        "address": None,
        "files": {
            published.name: {
                "bytes": published.stat().st_size,
                "sha256": "7ba2b856530038894d2d47ae30b43c359a14a6c3c8026fa2886e8781dd73d603",
            }
        },
        "pictures": counts,
    }
    test = np.bincount(dataset.test.labels, minlength=43)
    assert test.min() == 60 and test.max() == 750 and test[[0, 2, 25]].tolist() == [60, 750, 480]
    known = np.bincount(np.concatenate([dataset.train.labels, dataset.valid.labels]), minlength=43)
    assert known.sum() == 39_209 and known[[0, 2, 33]].tolist() == [210, 2250, 689]
    from roadsigns.data import official

    assert np.bincount(dataset.valid.labels, minlength=43).tolist() == [30 * count for count in official.VALID_TRACKS]


@pytest.mark.gtsrb
def test_published_archive_can_be_stored(published: Path, tmp_path: Path) -> None:
    made, how = fetch(published, tmp_path / "data", pictures=gtsrb.PICTURES)
    assert how == "was fetched to" and {name: record.pictures for name, record in made.files.items()} == {
        "train.p": 34_799,
        "valid.p": 4_410,
        "test.p": 12_630,
    }
