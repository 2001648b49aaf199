from __future__ import annotations

import re

import pytest

from roadsigns import signs
from roadsigns.data.classes import identify
from roadsigns.errors import DataError


@pytest.mark.parametrize(
    ("labels", "ids"),
    [
        (["0", "42", "7"], [0, 42, 7]),
        (["00000", "00042", "42"], [0, 42, 42]),
        (["Stop", "stop", "14", "No entry"], [14, 14, 14, 17]),
        ([], []),
    ],
)
def test_the_benchmarks_classes_are_known_by_number_and_by_name(labels: list[str], ids: list[int]) -> None:
    assert identify(labels) == (signs.NAMES, dict(zip(labels, ids, strict=True)))


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["b", "a", "C"], ("a", "b", "C")),
        (["10", "9", "100"], ("9", "10", "100")),
        (["00061", "00007", "7"], ("7", "61")),
        (["Stop", "depot"], ("depot", "Stop")),
        (["43", "0"], ("0", "43")),
        (["a/b", "🛑", "ä"], ("a/b", "ä", "🛑")),
    ],
)
def test_others_are_classes_of_their_own(labels: list[str], names: tuple[str, ...]) -> None:
    made, ids = identify(labels)
    assert made == names
    assert {label: names[index].lstrip("0") for label, index in ids.items()} == {
        label: label.lstrip("0") for label in labels
    }


def test_an_order_that_is_stated_is_kept() -> None:
    assert identify(["b", "a"], ("b", "c", "a")) == (("b", "c", "a"), {"b": 0, "c": 1, "a": 2})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["depot", "Depot"], "The classes 'Depot' and 'depot' differ in case alone. Give both one name"),
        (["a", " "], "A class is named ' '; expected 1 to 200 characters on one line"),
        (["a\nb"], "A class is named 'a\\nb'"),
        (["x" * 201], "expected 1 to 200 characters"),
        (
            [f"{index}.png" for index in range(10_001)],
            "There are 10,001 classes; expected at most 10,000. Are these the",
        ),
    ],
)
def test_names_that_cannot_be_are_refused(labels: list[str], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        identify(labels)
