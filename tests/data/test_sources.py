"""Names and paths of data sets: what each is taken for, and what is said of those that are none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from roadsigns.data import sources
from roadsigns.data.dataset import Mixture
from roadsigns.errors import DataError, UsageError

SWEDISH = Path(__file__).parent.parent.parent / "fixtures" / "swedish"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"data": "synthetik"}, "There is no data set and no file 'synthetik'. Did you mean 'synthetic'"),
        ({"data": "gtsrb", "count": 5}, "--count 5 is for drawn signs; there are none in --data gtsrb. Leave it out"),
        ({"data": "signs.zip", "seed": 0}, "--seed 0 is for drawn signs"),
        ({"data": "gtsrb", "designs": Path("d")}, "--designs d is for --data synthetic, not for gtsrb"),
    ],
)
def test_what_is_no_source_is_told_before_anything_is_read(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        sources.load(**asked)
    assert str(refused.value).startswith(message)


def test_drawn_signs_stay_where_they_are_drawn(tmp_path: Path) -> None:
    drawn = sources.load("synthetic", tmp_path / "signs", count=43)
    assert (drawn.source, drawn.path, drawn.found) == ("synthetic", tmp_path / "signs", False)
    assert sources.load("synthetic", tmp_path / "signs").found


def test_other_signs_are_drawn_beside_those_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "DRAWN_DIR", tmp_path / "signs")
    first = sources.load("synthetic", count=43)
    assert first.path == tmp_path / "signs"
    kept = {path: path.read_bytes() for path in first.path.iterdir()}
    asked: list[tuple[dict[str, int], str, int]] = [
        ({}, "signs", 43),
        ({"count": 43, "seed": 0}, "signs", 43),
        ({"count": 20}, "signs-count-20", 20),
        ({"count": 43, "seed": 3}, "signs-count-43-seed-3", 43),
    ]
    for settings, name, count in asked:
        for found in (name == "signs", True):
            made = sources.load("synthetic", **settings)
            assert (made.path, len(made.train), made.found) == (tmp_path / name, count, found)
    assert {path: path.read_bytes() for path in first.path.iterdir()} == kept
    assert made.drawing().seed == 3


def test_other_signs_of_own_designs_are_drawn_beside_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "DRAWN_DIR", tmp_path / "signs")
    first, other = (sources.load("synthetic", count=count, designs=SWEDISH) for count in (10, 20))
    assert other.path.name == f"{first.path.name}-count-20" and len(other.train) == 20


def test_a_folder_that_was_named_keeps_its_signs(tmp_path: Path) -> None:
    sources.load("synthetic", tmp_path / "signs", count=43)
    message = f"{tmp_path / 'signs'} holds signs drawn with --count 43, not 20. Give --count 43 for these, or choose "
    with pytest.raises(DataError, match=re.escape(f"{message}another folder with --data-dir")):
        sources.load("synthetic", tmp_path / "signs", count=20)


def test_a_data_set_says_how_many_pictures_it_has_and_from_where(tmp_path: Path) -> None:
    made = sources.load("synthetic", tmp_path / "signs", count=43)
    assert made.summary == f"43 pictures to train on, 5 to validate, 5 to test: signs drawn to {tmp_path / 'signs'}"
    again = sources.load("synthetic", tmp_path / "signs")
    assert again.summary.endswith(f" 5 to test: drawn signs that were in {tmp_path / 'signs'}")
    mixed = Mixture(again, made)
    assert mixed.summary == (
        f"86 pictures to train on, 5 to validate, 5 to test: 43 drawn signs that were in {tmp_path / 'signs'} and "
        f"43 signs drawn to {tmp_path / 'signs'}"
    )
    small = Path(__file__).parent.parent.parent / "fixtures" / "drawn-signs.zip"
    assert sources.load(str(small)).summary.endswith(f" to test: {small}")
