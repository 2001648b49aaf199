"""Names and paths of data sets: what each is taken for, and what is said of those that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from roadsigns.data import sources
from roadsigns.errors import UsageError


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
