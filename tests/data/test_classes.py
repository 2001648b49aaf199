from __future__ import annotations

import csv
import re

import pytest

from roadsigns import signs
from roadsigns.classes import Classes
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
    assert identify(labels) == (signs.CLASSES, dict(zip(labels, ids, strict=True)))


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["b", "a", "C"], ("a", "b", "C")),
        (["10", "9", "100"], ("class 9", "class 10", "class 100")),
        (["00061", "00007", "7"], ("class 7", "class 61")),
        (["Stop", "depot"], ("depot", "Stop")),
        (["43", "0"], ("class 0", "class 43")),
        (["a/b", "🛑", "ä"], ("a/b", "ä", "🛑")),
    ],
)
def test_others_are_classes_of_their_own(labels: list[str], names: tuple[str, ...]) -> None:
    made, ids = identify(labels)
    assert made == Classes(names)
    assert {label: names[index].removeprefix("class ") for label, index in ids.items()} == {
        label: str(int(label)) if label.isdecimal() else label for label in labels
    }


def test_an_order_that_is_stated_is_kept() -> None:
    assert identify(["b", "a"], ("b", "c", "a")) == (Classes(("b", "c", "a")), {"b": 0, "c": 1, "a": 2})


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_a_table_says_what_the_classes_are() -> None:
    table = "label,name,mirrored,german\n00007,Keep left,9,39\n9,Keep right,,Keep right\nx,,x,\nnobody,Gate,,"
    made, ids = identify(["7", "9", "X"], declared=rows(table))
    assert made.names == ("Keep left", "Keep right", "x", "Gate")
    assert made.mirrored == (1, 0, 2, None), "one of a pair says it for both"
    assert made.german == (39, 38, None, None)
    assert ids == {"7": 0, "9": 1, "X": 2}
    assert identify(["1"], declared=rows("label\n1\n0"))[0].names == ("class 1", "class 0")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("label\na", "classes.csv has no row of the label 'b'. Add one, or remove classes.csv"),
        ("label\na\nb\nB", "classes.csv has the label 'b' twice. Give each class one row"),
        ("label,mirrored\na,c\nb,", "says that a mirrored picture shows 'c', which is none of its labels"),
        ("label,mirrored\na,b\nb,b", "The mirrored class of 'a' is 'b', whose own is another"),
        ("label,german\na,43\nb,", "names the German class '43'; expected 0 to 42, or a name such as 'Stop'"),
        ("label,name\na,x\nb,x", "Two classes are named 'x'. Give each a name of its own"),
    ],
)
def test_a_table_that_cannot_be_is_refused(table: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        identify(["a", "b"], declared=rows(table))


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
