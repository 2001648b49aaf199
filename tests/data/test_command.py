from __future__ import annotations

import functools
import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadsigns.data import gtsrb, sources
from roadsigns.data.__main__ import main
from roadsigns.data.download import download

COUNTS = {"train": 6, "valid": 3, "test": 4}
MakeZip = Callable[..., Path]


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder with their content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*argv: object) -> tuple[int, str, str]:
        status = main([str(word) for word in argv])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def fails(run: Any, tmp_path: Path) -> Callable[..., str]:
    """Runs a request that cannot be met, checks how it is told, and returns the line."""

    def fails(*argv: object) -> str:
        before = tree(tmp_path)
        status, out, err = run(*argv)
        assert (status, out) == (2, "")
        assert err.startswith("roadsigns data: ") and err.endswith("\n") and err.count("\n") == 1
        assert tree(tmp_path) == before
        return str(err)

    return fails


@pytest.fixture
def small_gtsrb(site: Any, archive: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes `gtsrb` the small archive, served by `site`."""
    site.files["/traffic-signs-data.zip"] = archive.read_bytes()
    get = functools.partial(download, wait=lambda seconds: None)
    fetch = functools.partial(gtsrb.fetch, address=f"{site.url}/traffic-signs-data.zip", pictures=COUNTS, get=get)
    monkeypatch.setitem(sources.SOURCES, "gtsrb", fetch)
    return site


def test_data_fetches_once(small_gtsrb: Any, run: Any, tmp_path: Path, pickles: dict[str, bytes]) -> None:
    folder = tmp_path / "data"
    status, out, err = run("--data-dir", folder)
    assert (status, err) == (0, f"gtsrb was fetched to {folder}\n")
    sums = {name: hashlib.sha256(data).hexdigest()[:12] for name, data in pickles.items()}
    assert [line.split() for line in out.splitlines()] == [
        ["split", "pictures", "classes", "sha256", "file"],
        ["train", "6", "6", sums["train.p"], f"{folder}/train.p"],
        ["valid", "3", "3", sums["valid.p"], f"{folder}/valid.p"],
        ["test", "4", "4", sums["test.p"], f"{folder}/test.p"],
    ]
    assert run("--data-dir", folder) == (0, out, f"gtsrb is already there, in {folder}\n")
    assert len(small_gtsrb.asked) == 1


def test_data_makes_it_from_a_zip_that_is_there_and_says_so(
    small_gtsrb: Any, archive: Path, run: Any, tmp_path: Path
) -> None:
    own = tmp_path / "data" / "traffic-signs-data.zip"
    own.parent.mkdir()
    shutil.copy(archive, own)
    status, _, err = run("--data-dir", own.parent)
    assert (status, err) == (0, f"gtsrb was made from {own}, in {own.parent}\n")
    assert own.read_bytes() == archive.read_bytes() and small_gtsrb.asked == []


@pytest.mark.parametrize("planted", ["folder", "link", "link to nothing", "open to all"])
@pytest.mark.parametrize("source", ["gtsrb", "synthetic"])
def test_data_does_not_use_a_default_folder_that_another_user_can_have_planted(
    small_gtsrb: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str, source: str
) -> None:
    """Another number of ours stands for another owner, since only root can give files away."""
    folder, target = tmp_path / "tmp" / "signs", tmp_path / "elsewhere"
    folder.parent.mkdir()
    if planted == "folder":
        folder.mkdir()
    elif planted == "open to all":
        folder.mkdir()
        folder.chmod(0o777)
    else:
        folder.symlink_to(target)
        if planted == "link":
            target.mkdir()
    monkeypatch.setattr(sources, "DEFAULT_DIR" if source == "gtsrb" else "DRAWN_DIR", folder)
    if planted != "open to all":
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    status, out, err = run("--data", source)
    reason = "can be written by every user" if planted == "open to all" else "belongs to another user"
    assert (status, out) == (2, "") and f"{folder} {reason} of this machine. Name a folder of your own" in err
    assert not folder.exists() or not list(folder.iterdir())
    assert target.exists() == (planted == "link")


def test_data_makes_the_default_folder_and_finds_it_again(
    small_gtsrb: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "signs"
    monkeypatch.setattr(sources, "DEFAULT_DIR", folder)
    before = os.umask(0)
    try:
        assert run()[2] == f"gtsrb was fetched to {folder}\n"
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o755
    assert run()[2] == f"gtsrb is already there, in {folder}\n"


def test_data_quiet_prints_nothing_and_with_json_only_that(small_gtsrb: Any, run: Any, tmp_path: Path) -> None:
    assert run("--data-dir", tmp_path / "data", "--quiet") == (0, "", "")
    status, out, err = run("--data-dir", tmp_path / "data", "--quiet", "--json")
    assert (status, err) == (0, "") and json.loads(out)["source"] == "gtsrb"


def test_two_that_fetch_into_one_folder_fetch_once(small_gtsrb: Any, tmp_path: Path) -> None:
    """The second waits, and finds what the first has put there."""
    with ThreadPoolExecutor(2) as pool:
        found = [one.found for one in pool.map(lambda _: sources.load("gtsrb", tmp_path / "data"), range(2))]
    assert sorted(found) == [False, True]
    assert len(small_gtsrb.asked) == 1


@pytest.mark.parametrize("renamed", [0, 1, 2, 3])
def test_data_that_was_killed_among_its_renames_is_made_anew(
    small_gtsrb: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renamed: int
) -> None:
    left = [renamed]
    replace = Path.replace

    def replace_some(path: Path, target: Path) -> Path:
        if target.suffix == ".p" or target.name == "manifest.json":
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace_some)
        assert run("--data-dir", tmp_path)[0] == 130
    assert (tmp_path / "manifest.json.begun").exists() and not (tmp_path / "manifest.json").exists()
    assert run("--data-dir", tmp_path)[0] == 0
    names = sorted(path.name for path in tmp_path.iterdir() if path.name != "signs.zip")
    assert names == ["manifest.json", "test.p", "train.p", "valid.p"]


def test_data_prints_the_manifest(small_gtsrb: Any, run: Any, tmp_path: Path) -> None:
    run("--data-dir", tmp_path / "data")
    status, out, _ = run("--data-dir", tmp_path / "data", "--json")
    made = json.loads(out)
    assert status == 0
    assert made["source"] == "gtsrb" and made["address"] == f"{small_gtsrb.url}/traffic-signs-data.zip"
    assert made["pictures"] == COUNTS and set(made["files"]) == {"train.p", "valid.p", "test.p"}


def test_data_reads_a_zip_in_place(archive: Path, run: Any) -> None:
    status, out, err = run("--data", archive, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "source": str(archive),
        "address": None,
        "files": {
            "signs.zip": {"bytes": archive.stat().st_size, "sha256": hashlib.sha256(archive.read_bytes()).hexdigest()}
        },
        "pictures": COUNTS,
    }
    assert run("--data", archive)[1].splitlines()[1].endswith(str(archive))


@pytest.mark.parametrize(("word", "hint"), [("gtsb", "Did you mean 'gtsrb'? "), ("nosuch", ""), ("a/b.zip", "")])
def test_data_names_what_it_does_not_know(fails: Any, word: str, hint: str) -> None:
    names = "gtsrb, official, synthetic, gtsrb+synthetic or a PATH"
    assert f"There is no data set and no file {word!r}. {hint}Expected {names}" in fails("--data", word)


class Call:
    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments

    def __reduce__(self) -> Any:
        return os.system, self.arguments


def wrong(**changes: Any) -> Callable[[dict[str, Any]], bytes]:
    def make(arrays: dict[str, Any]) -> bytes:
        return pickle.dumps({key: value for key, value in (arrays | changes).items() if value is not None}, 4)

    return make


BAD_PICKLES = {
    "empty": (lambda arrays: b"", "train.p in "),
    "truncated": (lambda arrays: pickle.dumps(arrays, 4)[:-9], "ends too early"),
    "hostile": (lambda arrays: pickle.dumps({"features": Call("touch hostile-ran")}), "system', which was not run"),
    "object": (wrong(labels=np.array([None] * 6, object)), "'O8'"),
    "43": (wrong(labels=np.full(6, 43)), "must be class ids 0..42. Received: 43 at index 0"),
    "negative": (wrong(labels=np.full(6, -1)), "Received: -1 at index 0"),
    "float labels": (wrong(labels=np.zeros(6)), "must be whole numbers of shape (N,). Received: float64"),
    "float features": (wrong(features=np.zeros((6, 32, 32, 3))), "must be uint8 of shape (N, 32, 32, 3)"),
    "shape": (wrong(features=np.zeros((6, 3, 32, 32), np.uint8)), "Received: uint8 of shape (6, 3, 32, 32)"),
    "no labels": (wrong(labels=None), "has no 'labels'. It holds: 'features', 'sizes', 'coords'"),
    "no pictures": (
        wrong(features=np.zeros((0, 32, 32, 3), np.uint8), labels=np.zeros(0, np.uint8), sizes=None, coords=None),
        "train.p in ",
    ),
}


@pytest.mark.parametrize(("make", "message"), BAD_PICKLES.values(), ids=BAD_PICKLES.keys())
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_data_refuses_bad_pickles(
    fails: Any, make_zip: MakeZip, pickles: Any, tmp_path: Path, form: str, make: Any, message: str
) -> None:
    pickles["train.p"] = make(pickle.loads(pickles["train.p"]))
    path = make_zip(pickles)
    if form == "folder":
        shutil.unpack_archive(path, tmp_path / "folder")
        path, message = tmp_path / "folder", message.replace("train.p in ", "folder/train.p ")
    assert message in fails("--data", path)
    assert not Path("hostile-ran").exists()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_data_refuses_a_truncated_zip(fails: Any, archive: Path, share: float) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: int(share * len(content))])
    assert f"{archive} is damaged or no zip" in fails("--data", archive)


def test_data_refuses_a_zip_of_other_things(fails: Any, make_zip: MakeZip) -> None:
    assert "holds '../evil', which leads out of the archive" in fails("--data", make_zip({"../evil": b""}))


def test_data_refuses_an_empty_folder(fails: Any, tmp_path: Path) -> None:
    assert f"{tmp_path} holds no file. Expected a folder or zip of train.p, valid.p, test.p, of" in fails(
        "--data", tmp_path
    )


def test_data_without_a_network(fails: Any, small_gtsrb: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_gtsrb.plan = [503] * 9
    assert "Service Unavailable (asked 4 times). Run again" in fails("--data-dir", tmp_path)
    small_gtsrb.files.clear()
    small_gtsrb.plan = []
    line = fails("--data-dir", tmp_path)
    assert "the server answered 404 Not Found" in line and "--data PATH" in line


def test_data_where_nothing_can_be_written(fails: Any, small_gtsrb: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "Cannot use" in fails("--data-dir", tmp_path / "file" / "data")
    # Root may write anywhere on a disk, so a place that is no disk stands for the read-only one.
    assert "Cannot use '/proc/" in fails("--data-dir", "/proc/signs")


def test_data_refuses_damage_in_the_folder(fails: Any, run: Any, small_gtsrb: Any, tmp_path: Path) -> None:
    run("--data-dir", tmp_path)
    path = tmp_path / "test.p"
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    assert f"{path} has changed" in fails("--data-dir", tmp_path)
    path.unlink()
    assert f"{path} is missing. If roadsigns made {tmp_path}, delete the .p files and manifest.json in it" in fails(
        "--data-dir", tmp_path
    )
    (tmp_path / "manifest.json").write_text("{}")
    assert "manifest.json is damaged" in fails("--data-dir", tmp_path)


def test_data_refuses_a_folder_of_another_source(fails: Any, run: Any, small_gtsrb: Any, tmp_path: Path) -> None:
    run("--data-dir", tmp_path)
    assert "holds 'gtsrb', not 'official'. Choose another folder with --data-dir" in fails(
        "--data", "official", "--data-dir", tmp_path
    )


def test_data_help(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0 and "--data-dir" in out and "roadsigns data --data synthetic" in out


def test_importing_data_is_light() -> None:
    code = "import sys, roadsigns.data.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    heavy = {"keras", "tensorflow", "jax", "matplotlib", "requests", "rich", "cv2", "skimage", "torch"}
    assert not heavy & set(done.stdout.split())
