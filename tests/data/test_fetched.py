from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from roadsigns.data.fetched import archives
from roadsigns.errors import DataError, NetworkError

ADDRESSES = ["http://127.0.0.1/a.zip", "http://127.0.0.1/b.zip"]


def get(address: str, path: Path, *, place: Path) -> None:
    assert place == path.parent / address.rsplit("/", 1)[-1]
    path.write_text(address)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_fetched_goes_and_what_is_a_persons_stays(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("mine")
    with archives(tmp_path, ADDRESSES, get, otherwise="") as (paths, how):
        assert [path.read_text() for path in paths] == [ADDRESSES[0], "mine"]
        assert how == f"was made from {tmp_path}/b.zip, in"
    assert names(tmp_path) == ["b.zip"] and (tmp_path / "b.zip").read_text() == "mine"


def test_what_is_fetched_need_not_come_again_after_an_error(tmp_path: Path) -> None:
    message = rf"^Bad\. Delete {tmp_path}/\.a\.zip\.fetched, {tmp_path}/\.b\.zip\.fetched and run again$"
    with pytest.raises(DataError, match=message), archives(tmp_path, ADDRESSES, get, otherwise=""):
        raise DataError("Bad")
    assert names(tmp_path) == [".a.zip.fetched", ".b.zip.fetched"]
    with archives(tmp_path, ADDRESSES, lambda *args, **flags: pytest.fail("fetched"), otherwise="") as (_, how):
        assert how == "was fetched to"
    assert names(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, NetworkError("No answer."), OSError(28, "No space")])
def test_other_errors_pass_and_remove_nothing(tmp_path: Path, error: Any) -> None:
    (tmp_path / "a.zip").write_text("mine")
    kind = error if isinstance(error, type) else type(error)
    with pytest.raises(kind), archives(tmp_path, ADDRESSES, get, otherwise=""):
        raise error
    assert names(tmp_path) == [".b.zip.fetched", "a.zip"]
