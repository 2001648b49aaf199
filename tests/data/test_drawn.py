"""Drawn signs as a data set: three pickles, a manifest, and the mixture with the real ones."""

from __future__ import annotations

import functools
import hashlib
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadsigns import data
from roadsigns.data import drawn, gtsrb, sources, synthetic
from roadsigns.errors import DataError, UsageError

FILES = ["manifest.json", "test.p", "train.p", "valid.p"]


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """86 signs to train on, drawn with seed 5."""
    drawn.fetch(tmp_path / "drawn", count=86, seed=5)
    return tmp_path / "drawn"


def test_fetch_draws_the_three_pickles(folder: Path) -> None:
    assert listing(folder) == FILES
    for part, (name, count) in enumerate({"train": 86, "valid": 9, "test": 9}.items()):
        arrays = pickle.loads((folder / f"{name}.p").read_bytes())
        images, labels = synthetic.draw(count, 5, part=part)
        assert set(arrays) == {"features", "labels"}
        assert arrays["labels"].dtype == np.uint8
        np.testing.assert_array_equal(arrays["features"], images)
        np.testing.assert_array_equal(arrays["labels"], labels)


def test_manifest_says_how_they_were_drawn(folder: Path) -> None:
    stored = json.loads((folder / "manifest.json").read_text())
    content = (folder / "train.p").read_bytes()
    assert stored["source"] == "synthetic" and stored["address"] is None
    assert stored["drawn"] == {"count": 86, "seed": 5}
    assert stored["files"]["train.p"] == {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "pictures": 86,
    }


def test_fetch_draws_the_same_bytes_again(folder: Path, tmp_path: Path) -> None:
    drawn.fetch(tmp_path / "again", count=86, seed=5, processes=1)
    for name in FILES:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("asked", [{}, {"count": 86}, {"seed": 5}, {"count": 86, "seed": 5}])
def test_fetch_draws_once(folder: Path, asked: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "draw", None)
    made, how = drawn.fetch(folder, **asked)
    assert how == "is already there, in" and made.drawn is not None and made.drawn.count == 86


@pytest.mark.parametrize(("asked", "told"), [({"count": 43}, "--count 86, not 43"), ({"seed": 0}, "--seed 5, not 0")])
def test_fetch_refuses_other_drawings(folder: Path, asked: dict[str, int], told: str) -> None:
    flag = next(iter(asked))
    there = {"count": 86, "seed": 5}[flag]
    message = f"{folder} holds signs drawn with {told}. Give --{flag} {there} for these, or choose another folder"
    before = {name: (folder / name).read_bytes() for name in FILES}
    with pytest.raises(DataError, match=re.escape(message)):
        drawn.fetch(folder, **asked)
    assert {name: (folder / name).read_bytes() for name in FILES} == before


def test_fetch_refuses_a_folder_of_another_source(folder: Path) -> None:
    with pytest.raises(DataError, match=r"holds 'synthetic', not 'gtsrb'\. Choose another folder with --data-dir"):
        gtsrb.fetch(folder)


@pytest.mark.parametrize("text", ["null", "5", "{}", '{"count": "86", "seed": 5}', '{"count": 86}'])
def test_fetch_refuses_a_damaged_record(folder: Path, text: str) -> None:
    stored = json.loads((folder / "manifest.json").read_text())
    stored["drawn"] = json.loads(text)
    (folder / "manifest.json").write_text(json.dumps(stored))
    with pytest.raises(DataError, match=re.escape(f"{folder}/manifest.json is damaged")):
        drawn.fetch(folder)


def test_fetch_refuses_a_manifest_that_does_not_say(folder: Path) -> None:
    stored = json.loads((folder / "manifest.json").read_text())
    del stored["drawn"]
    (folder / "manifest.json").write_text(json.dumps(stored))
    with pytest.raises(DataError, match="does not say how its signs were drawn"):
        drawn.fetch(folder)


def test_interrupted_drawing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = synthetic.draw

    def interrupted(count: int, seed: int, *, part: int, **options: Any) -> Any:
        if part == 2:
            raise KeyboardInterrupt
        return draw(count, seed, part=part, **options)

    monkeypatch.setattr(synthetic, "draw", interrupted)
    with pytest.raises(KeyboardInterrupt):
        drawn.fetch(tmp_path / "drawn", count=10)
    assert listing(tmp_path / "drawn") == []


def test_load_reads_what_is_drawn(folder: Path) -> None:
    loaded = data.load("synthetic", folder)
    assert loaded.found and loaded.source == loaded.kind == "synthetic"
    assert len(loaded.train) == 86 and len(loaded.valid) == len(loaded.test) == 9
    assert loaded.manifest["drawn"] == {"count": 86, "seed": 5}
    assert loaded.manifest["pictures"] == {"train": 86, "valid": 9, "test": 9}
    assert loaded.train.labels.dtype == np.int64


@pytest.fixture
def small_gtsrb(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `gtsrb` the small archive."""

    def get(address: str, path: Path, **options: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(archive.read_bytes())

    counts = {"train": 6, "valid": 3, "test": 4}
    monkeypatch.setitem(sources.SOURCES, "gtsrb", functools.partial(gtsrb.fetch, pictures=counts, get=get))


@pytest.mark.usefixtures("small_gtsrb")
def test_mixture_joins_the_training_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    mixed = data.load("gtsrb+synthetic", folder, count=50, seed=2)
    real, others = data.load("gtsrb", folder), data.load("synthetic", folder / "synthetic")
    assert not mixed.found and mixed.kind == "gtsrb+synthetic"
    np.testing.assert_array_equal(mixed.train.images, np.concatenate([real.train.images, others.train.images]))
    np.testing.assert_array_equal(mixed.train.labels, np.concatenate([real.train.labels, others.train.labels]))
    np.testing.assert_array_equal(mixed.valid.images, real.valid.images)
    np.testing.assert_array_equal(mixed.test.images, real.test.images)
    assert mixed.train is mixed.train
    assert mixed.file("train") == real.file("train")
    assert [len(split) for split in mixed.splits()] == [56, 3, 4]
    again = mixed.redrawn(2)
    np.testing.assert_array_equal(again.images[:6], real.train.images)
    np.testing.assert_array_equal(again.images[6:], others.redrawn(2).images)
    np.testing.assert_array_equal(again.labels[6:], others.redrawn(2).labels)
    assert mixed.manifest == {
        "source": "gtsrb+synthetic",
        "address": gtsrb.ADDRESS,
        "parts": [real.manifest, others.manifest],
        "pictures": {"train": 56, "valid": 3, "test": 4},
    }
    assert data.load("gtsrb+synthetic", folder).found


@pytest.mark.parametrize("source", ["gtsrb", "official", "signs.zip"])
@pytest.mark.parametrize("flag", ["count", "seed"])
def test_nothing_is_drawn_of_real_signs(source: str, flag: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"--{flag} 3 is for drawn signs; there are none in --data {source}"):
        data.load(source, tmp_path, **{flag: 3})
    assert listing(tmp_path) == []


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    from roadsigns.data.__main__ import main

    def run(*argv: object) -> tuple[int, str, str]:
        status = main([str(word) for word in argv])
        return status, *capsys.readouterr()

    return run


def test_command_draws_once(run: Any, tmp_path: Path) -> None:
    flags = ("--data", "synthetic", "--data-dir", tmp_path / "drawn", "--count", 20, "--seed", 1)
    status, out, err = run(*flags)
    assert (status, err) == (0, f"synthetic was drawn to {tmp_path}/drawn\n")
    sums = [hashlib.sha256((tmp_path / "drawn" / f"{name}.p").read_bytes()).hexdigest() for name in data.Splits._fields]
    assert [line.split()[:4] for line in out.splitlines()[1:]] == [
        ["train", "20", "20", sums[0][:12]],
        ["valid", "2", "2", sums[1][:12]],
        ["test", "2", "2", sums[2][:12]],
    ]
    assert run(*flags) == (0, out, f"synthetic is already there, in {tmp_path}/drawn\n")


@pytest.mark.usefixtures("small_gtsrb")
def test_command_tells_both_parts_of_a_mixture(run: Any, tmp_path: Path) -> None:
    status, out, err = run("--data", "gtsrb+synthetic", "--data-dir", tmp_path / "both", "--count", 20)
    folder = tmp_path / "both"
    assert status == 0
    assert err == f"gtsrb was fetched to {folder}\nsynthetic was drawn to {folder}/synthetic\n"
    assert [line.split()[-1] for line in out.splitlines()[1:4]] == [
        f"{folder}/{name}.p" for name in data.Splits._fields
    ]
    assert out.splitlines()[5].split()[:3] == ["train", "20", "20"]
    status, out, _ = run("--data", "gtsrb+synthetic", "--data-dir", folder, "--json")
    assert json.loads(out)["pictures"] == {"train": 26, "valid": 3, "test": 4}


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        *(("--count", value) for value in ("0", "-1", "170001", "1e9", "many")),
        *(("--seed", value) for value in ("-1", "2147483648", "")),
    ],
)
def test_command_refuses_numbers(run: Any, flag: str, value: str, tmp_path: Path) -> None:
    status, out, err = run("--data", "synthetic", "--data-dir", tmp_path / "drawn", f"{flag}={value}")
    assert (status, out) == (2, "") and err.count("\n") == 1
    assert f"Invalid value for {flag}: expected a whole number of at least " in err and repr(value) in err
    assert listing(tmp_path) == []


def test_command_where_nothing_can_be_written(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    status, _, err = run("--data", "synthetic", "--count", 1, "--data-dir", tmp_path / "file" / "drawn")
    assert status == 2 and "Cannot use" in err


def test_redrawn_are_others_of_the_same_kind(folder: Path) -> None:
    loaded = data.load("synthetic", folder)
    second, third = loaded.redrawn(2), loaded.redrawn(3)
    np.testing.assert_array_equal(np.bincount(second.labels), np.full(43, 2))
    np.testing.assert_array_equal(loaded.redrawn(2).images, second.images)
    sets = [loaded.train.images, loaded.valid.images, loaded.test.images, second.images, third.images]
    pictures = [picture.tobytes() for images in sets for picture in images]
    assert len(set(pictures)) == len(pictures) == 86 + 9 + 9 + 86 + 86
    images, labels = synthetic.draw(86, 5, part=1002)
    np.testing.assert_array_equal(second.images, images)
    np.testing.assert_array_equal(second.labels, labels)


def test_nothing_is_redrawn_of_a_path(folder: Path) -> None:
    with pytest.raises(UsageError, match="--redraw is for drawn signs; there are none in --data /"):
        data.load(str(folder)).redrawn(2)
