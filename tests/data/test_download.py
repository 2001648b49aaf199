from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadsigns.data.download import download
from roadsigns.errors import NetworkError

BODY = np.random.default_rng(0).bytes(700_001)  # more than two chunks


class Waits(list[float]):
    """Records the seconds to wait, and does not."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def target(site: Any, tmp_path: Path) -> Path:
    site.files["/a.zip"] = BODY
    return tmp_path / "folder" / "a.zip"


def fetch(site: Any, target: Path, waits: Waits, **options: Any) -> None:
    download(f"{site.url}/a.zip", target, wait=waits, **{"timeout_s": 5.0, **options})


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_download_makes_the_file_and_nothing_else(site: Any, target: Path, waits: Waits) -> None:
    fetch(site, target, waits)
    assert target.read_bytes() == BODY
    assert files(target.parent) == ["a.zip"]
    assert site.asked == [None] and waits == []


@pytest.mark.parametrize("deed", ["half", "stall", 500, 503, 429])
def test_download_goes_on_after_a_failure(site: Any, target: Path, waits: Waits, deed: Any) -> None:
    site.plan = [deed]
    fetch(site, target, waits, timeout_s=0.5)
    assert target.read_bytes() == BODY
    assert waits == [1.0]
    resumed = deed in ("half", "stall")
    assert (site.asked[1] is not None) == resumed


def test_download_asks_for_what_is_missing_only(site: Any, target: Path, waits: Waits) -> None:
    site.plan = ["half", "half", "half"]
    fetch(site, target, waits)
    assert target.read_bytes() == BODY
    sent = 0
    for asked in site.asked[1:]:
        sent += (len(BODY) - sent) // 2
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        assert sent - 2**14 < start <= sent
        sent = start
    assert waits == [1.0, 2.0, 4.0]


def test_download_goes_on_in_a_later_call(site: Any, target: Path, waits: Waits) -> None:
    site.plan = ["half"]
    with pytest.raises(NetworkError, match="Run again to go on where it stopped"):
        fetch(site, target, waits, attempts=1)
    assert files(target.parent) == ["a.zip.part", "a.zip.part.json"]
    fetch(site, target, waits)
    assert target.read_bytes() == BODY
    assert site.asked[1] is not None and len(site.asked) == 2
    assert files(target.parent) == ["a.zip"]


@pytest.mark.parametrize("change", ["tag", "no tag", "note", "no note"])
def test_download_begins_anew_when_the_part_may_be_of_another_file(
    site: Any, target: Path, waits: Waits, change: str
) -> None:
    site.plan = ["half"]
    if change == "no tag":
        site.tag = ""
    with pytest.raises(NetworkError):
        fetch(site, target, waits, attempts=1)
    site.files["/a.zip"] = BODY[::-1]
    note = target.with_name("a.zip.part.json")
    if change == "tag":
        site.tag = '"two"'
    elif change == "note":
        note.write_text("{")
    elif change == "no note":
        note.unlink()
    fetch(site, target, waits)
    assert target.read_bytes() == BODY[::-1]


def test_download_begins_anew_when_another_part_comes(site: Any, target: Path, waits: Waits) -> None:
    site.plan = ["half", "other part"]
    fetch(site, target, waits)
    assert target.read_bytes() == BODY
    assert [asked is None for asked in site.asked] == [True, False, True]


def test_download_goes_on_after_a_part_that_is_shorter_than_asked_for(site: Any, target: Path, waits: Waits) -> None:
    site.plan = ["half", "short part"]
    fetch(site, target, waits)
    assert target.read_bytes() == BODY
    assert [asked is None for asked in site.asked] == [True, False, False]


def test_download_finishes_a_part_that_is_whole(site: Any, target: Path, waits: Waits) -> None:
    site.plan = ["half"]
    with pytest.raises(NetworkError):
        fetch(site, target, waits, attempts=1)
    target.with_name("a.zip.part").write_bytes(BODY)
    fetch(site, target, waits)
    assert target.read_bytes() == BODY
    assert site.asked == [None, "bytes=700001-"]


def test_download_begins_anew_when_the_part_is_too_long(site: Any, target: Path, waits: Waits) -> None:
    site.plan = ["half"]
    with pytest.raises(NetworkError):
        fetch(site, target, waits, attempts=1)
    target.with_name("a.zip.part").write_bytes(BODY + b"more")
    fetch(site, target, waits)
    assert target.read_bytes() == BODY
    assert site.asked[-1] is None


def test_download_takes_a_file_of_unknown_length(site: Any, target: Path, waits: Waits) -> None:
    site.plan = ["no length"]
    fetch(site, target, waits)
    assert target.read_bytes() == BODY


def test_download_gives_up_after_some_attempts(site: Any, target: Path, waits: Waits) -> None:
    site.plan = [503] * 9
    message = f"Cannot fetch {site.url}/a.zip: the server answered 503 Service Unavailable (asked 3 times). Run again"
    with pytest.raises(NetworkError, match=re.escape(message)) as caught:
        fetch(site, target, waits, attempts=3)
    assert "--data PATH" in str(caught.value) and str(target) in str(caught.value)
    assert waits == [1.0, 2.0] and len(site.asked) == 3
    assert not target.exists()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 206, 304])
def test_download_fails_at_once_where_asking_again_is_of_no_use(
    site: Any, target: Path, waits: Waits, status: int
) -> None:
    site.plan = [status]
    with pytest.raises(NetworkError, match=f"the server answered {status} "):
        fetch(site, target, waits)
    assert len(site.asked) == 1 and waits == []


@pytest.mark.parametrize("deed", ["", "no length"])
def test_download_takes_no_more_than_allowed(site: Any, target: Path, waits: Waits, deed: str) -> None:
    site.plan = [deed]
    with pytest.raises(NetworkError, match="more than the 1,000 bytes"):
        fetch(site, target, waits, max_bytes=1000)
    assert files(target.parent) == []


def test_download_without_a_network(tmp_path: Path, waits: Waits) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.zip"
    with pytest.raises(NetworkError, match=re.escape(f"Cannot fetch {url}: ") + ".*refused"):
        download(url, tmp_path / "a.zip", wait=waits)
    assert len(waits) == 3
    assert files(tmp_path) == []


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/a.zip", "http://"])
def test_download_of_no_address(url: str, tmp_path: Path, waits: Waits) -> None:
    with pytest.raises(NetworkError, match=re.escape(f"Cannot fetch {url}: ")):
        download(url, tmp_path / "a.zip", wait=waits)
    assert waits == []


def test_download_to_a_full_disk_keeps_the_part(site: Any, target: Path, waits: Waits) -> None:
    """A limit on file sizes stands for the full disk: the system refuses the write either way."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            fetch(site, target, waits)
        assert caught.value.filename == str(target.with_name("a.zip.part"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert target.with_name("a.zip.part").stat().st_size > 0
    fetch(site, target, waits)
    assert target.read_bytes() == BODY
    assert site.asked[1] is not None


def test_download_draws_a_bar_only_when_asked(
    site: Any, target: Path, waits: Waits, capfd: pytest.CaptureFixture[str]
) -> None:
    fetch(site, target, waits)
    assert capfd.readouterr() == ("", "")
    target.unlink()
    fetch(site, target, waits, show_progress=True)
    assert target.read_bytes() == BODY
    assert capfd.readouterr().out == ""
