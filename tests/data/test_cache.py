"""What is kept of a person's pictures: whole, found again, made anew when they change, gone on with after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelled import fill, pixels, png
from roadsigns import data
from roadsigns.data import cache
from roadsigns.errors import DataError


def signs(count: int = 10, classes: tuple[str, ...] = ("depot", "gate")) -> dict[str, bytes]:
    return {f"{name}/{i}.png": png(pixels(100 * n + i)) for n, name in enumerate(classes) for i in range(count)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of ten pictures."""
    return fill(tmp_path / "signs", signs())


@pytest.fixture
def load(folder: Path, tmp_path: Path) -> Any:
    return lambda: data.load(str(folder), tmp_path / "cache")


def kept(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").iterdir())


def test_signs_are_read_once_and_mapped_into_memory(
    load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = load()
    said = capsys.readouterr().err
    monkeypatch.setattr(cache, "sign", None)
    again = load()
    assert capsys.readouterr().err == said
    assert again.classes.names == ("depot", "gate")
    for split in ("train", "valid", "test"):
        np.testing.assert_array_equal(again.split(split).images, first.split(split).images)
        assert again.split(split).labels.tolist() == [0, 1] if split != "train" else [0] * 8 + [1] * 8
    assert isinstance(again.train.images, np.memmap) and not again.train.images.flags.writeable
    (made,) = (tmp_path / "cache").iterdir()
    assert sorted(path.name for path in made.iterdir()) == [
        *("index.json", "test.i32", "test.u8", "train.i32", "train.u8", "valid.i32", "valid.u8")
    ]
    assert again.manifest["pictures"] == {"train": 16, "valid": 2, "test": 2}
    assert json.loads(json.dumps(again.manifest))["classes"] == ["depot", "gate"]


@pytest.mark.parametrize("change", ["another picture", "a picture less", "other bytes", "another time"])
def test_signs_are_read_anew_when_a_file_changes(load: Any, folder: Path, tmp_path: Path, change: str) -> None:
    load()
    before = kept(tmp_path)
    path = folder / "gate" / "3.png"
    if change == "another picture":
        (folder / "gate" / "more.png").write_bytes(png(pixels(7)))
    elif change == "a picture less":
        path.unlink()
    elif change == "other bytes":
        path.write_bytes(png(pixels(7)))
    else:
        os.utime(path, ns=(1, 1))
    count = sum(len(split) for split in load().splits())
    assert count == {"another picture": 21, "a picture less": 19}.get(change, 20)
    assert len(kept(tmp_path)) == 1 and kept(tmp_path) != before, "what is out of date is removed"


def test_another_version_reads_anew(load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load()
    before = kept(tmp_path)
    monkeypatch.setattr(cache, "VERSION", cache.VERSION + 1)
    load()
    assert kept(tmp_path) != before


@pytest.mark.parametrize("name", ["train.u8", "train.i32"])
@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_later_damage_is_found(load: Any, tmp_path: Path, name: str, how: str) -> None:
    load()
    (path,) = (tmp_path / "cache").glob(f"*/{name}")
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.unlink()
    if how != "gone":
        path.write_bytes(content if how == "changed" else content[1:])
    assert len(load().valid) == 2
    with pytest.raises(DataError, match=rf"{name} has changed since it was made\. Delete .* and run again"):
        load().train  # noqa: B018


def test_a_damaged_index_is_told(load: Any, tmp_path: Path) -> None:
    load()
    (path,) = (tmp_path / "cache").glob("*/index.json")
    for text in ("", "{", "[]", "[" * 100_000, '{"form": 1}'):
        path.write_text(text)
        with pytest.raises(DataError, match=r"index\.json is damaged .* Delete .* and run again"):
            load()


def test_what_cannot_be_read_is_left_out_and_listed(
    load: Any, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(
        folder, {"gate/bad.png": png(pixels(1))[:-30], "gate/b.gif": b"GIF89a", "gate/empty.jpg": b"", "over.png": b""}
    )
    loaded = load()
    assert sum(len(split) for split in loaded.splits()) == 20
    said = capsys.readouterr().err
    (made,) = (tmp_path / "cache").iterdir()
    assert f"4 left out; index.json in {made} lists all" in said
    assert "left out: over.png lies in no class's folder" in said
    assert "left out: gate/bad.png is a damaged PNG file: " in said
    assert "left out: gate/b.gif is no picture, or of another format: expected PNG, JPEG, WebP, " in said
    listed = json.loads((made / "index.json").read_text())["left_out"]
    assert [name for name, _ in listed] == ["over.png", "gate/b.gif", "gate/bad.png", "gate/empty.jpg"]


def test_pictures_in_two_splits_are_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = fill(
        tmp_path / "own",
        {
            **{f"train/{name}": content for name, content in signs().items()},
            **{f"valid/{name}": png(pixels(900 + n)) for n, name in enumerate(signs(1))},
            **{f"test/{name}": content for name, content in list(signs().items())[::3]},
        },
    )
    data.load(str(own), tmp_path / "cache")
    assert "7 pictures are both in train and in test, so figures on test say too much" in capsys.readouterr().err


def test_classes_that_only_the_test_has_and_empty_ones_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = fill(
        tmp_path / "own",
        {
            **{f"train/{name}": content for name, content in signs().items()},
            **{f"valid/{name}": png(pixels(900 + n)) for n, name in enumerate(signs(1))},
            "test/new/1.png": png(pixels(999)),
        },
    )
    (own / "train" / "empty").mkdir()
    loaded = data.load(str(own), tmp_path / "cache")
    said = capsys.readouterr().err
    assert loaded.classes.names == ("depot", "gate", "new") and loaded.test.labels.tolist() == [2]
    assert "no picture to learn from is of new, which the other splits have" in said
    assert "there is no picture of empty" in said


def test_a_class_of_one_picture_is_learnt_and_not_scored(tmp_path: Path) -> None:
    own = fill(tmp_path / "own", {**signs(), "lone/1.png": png(pixels(999))})
    train, valid, test = (split.labels.tolist() for split in data.load(str(own), tmp_path / "cache").splits())
    assert train == [0] * 8 + [1] * 8 + [2] and valid == test == [0, 1]


KILLED = """
import os, signal, sys
from roadsigns import data
from roadsigns.data import cache
real, calls = cache.sign, []
def sign(*args, **flags):
    calls.append(1)
    if len(calls) == 700:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **flags)
cache.sign = sign
data.load(sys.argv[1], __import__("pathlib").Path(sys.argv[2]))
"""


@pytest.mark.parametrize("damage", ["", "half a line", "a file cut"])
def test_a_killed_call_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    own = fill(tmp_path / "signs", {**signs(500), "depot/bad.png": b""})
    done = subprocess.run([sys.executable, "-c", KILLED, str(own), str(tmp_path / "cache")], capture_output=True)
    assert done.returncode == -signal.SIGKILL
    (part,) = (tmp_path / "cache").iterdir()
    assert part.name.startswith(".") and part.name.endswith(".part")
    log = part / "progress.jsonl"
    assert json.loads(log.read_text().splitlines()[-1])[0] == 512
    if damage == "half a line":
        with log.open("a") as file:
            file.write('[768, {"train')
    elif damage == "a file cut":
        os.truncate(part / "train.u8", 1000)
    calls: list[object] = []
    real = cache.sign

    def counted(*args: Any, **flags: Any) -> Any:
        calls.append(args)
        return real(*args, **flags)

    monkeypatch.setattr(cache, "sign", counted)
    resumed = data.load(str(own), tmp_path / "cache")
    assert len(calls) == (1001 if damage == "a file cut" else 1001 - 512)
    anew = data.load(str(own), tmp_path / "another")
    for one, other in zip(resumed.splits(), anew.splits(), strict=True):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
    assert [path.name.startswith(".") for path in (tmp_path / "cache").iterdir()] == [False]


def test_a_full_disk_keeps_what_is_done(tmp_path: Path) -> None:
    """A limit on file sizes stands for the full disk: the system refuses the write either way."""
    own = fill(tmp_path / "signs", signs(300))
    program = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))\n"
    program += "from roadsigns.data.__main__ import main; sys.exit(main(sys.argv[1:]))"
    flags = ["--data", str(own), "--data-dir", str(tmp_path / "cache")]
    done = subprocess.run([sys.executable, "-c", program, *flags], capture_output=True, text=True)
    assert done.returncode == 2 and "File too large" in done.stderr and done.stderr.count("\n") == 1
    assert "cache" in done.stderr, "it names the place"
    assert len(data.load(str(own), tmp_path / "cache").train) == 486


LITTLE_MEMORY = """
import re, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
from roadsigns import data
for source in sys.argv[2:]:
    data.load(source, Path(sys.argv[1]))
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_three_times_as_many_pictures_of_10_megapixels_take_no_more_memory(tmp_path: Path) -> None:
    large = png(np.kron(pixels(0, 40, 50), np.ones((64, 80, 1), np.uint8)), "JPEG")
    places = [tmp_path / "few", tmp_path / "many"]
    for place, count in zip(places, (8, 24), strict=True):
        fill(place, {f"{name}/{i}.jpg": large for name in "ab" for i in range(count // 2)})
    command = [sys.executable, "-c", LITTLE_MEMORY, str(tmp_path / "cache"), *map(str, places)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    few, many = (int(kilobytes) / 1024 for kilobytes in done.stdout.split())
    assert many - few < 100, "MiB; the 16 more would take 480 as pixels"


GROWTH = """
import os, sys, tracemalloc
from pathlib import Path
from roadsigns import data
from roadsigns.data import cache
real = cache.sign
cache.sign = lambda file, name, *_, **__: real(file, name) ^ (int(name.split("/")[-1][:-4]) % 251)
place = Path(sys.argv[1])
peaks = []
for count in (50, 1000, 4000):
    own = place / str(count)
    for index in range(count):
        path = own / f"class {index % 10}" / f"{index:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(place / "one.png", path)
    if sys.argv[2]:
        lines = [f"{path.relative_to(own)},{path.parent.name}" for path in own.rglob("*.png")]
        (own / sys.argv[2]).write_text("path,label\\n" + "\\n".join(lines))
        del lines
    tracemalloc.start()
    data.load(str(own), place / f"cache-{count}")
    peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
print((peaks[2] - peaks[1]) / 3000)
"""


@pytest.mark.parametrize("table", ["", "labels.csv"], ids=["folders", "table"])
def test_one_more_picture_takes_few_bytes_of_memory(tmp_path: Path, table: str) -> None:
    """Less than a `str` of its name would take."""
    fill(tmp_path, {"one.png": png(pixels(1))})
    done = subprocess.run([sys.executable, "-c", GROWTH, str(tmp_path), table], stdout=subprocess.PIPE, check=True)
    assert float(done.stdout) < 50


def test_the_default_place_is_the_cache_folder(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    data.load(str(folder))
    assert len(list((tmp_path / "xdg" / "roadsigns" / "pictures").glob("*/index.json"))) == 1
    assert sorted(folder.rglob("*")) == sorted(
        [folder / "depot", folder / "gate", *(folder / name for name in signs())]
    ), "nothing is written into a person's folder"
