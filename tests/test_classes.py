"""Class lists: what they may hold, and their table."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns import classes, signs
from roadsigns.classes import Classes

NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=200)


@given(names=st.lists(NAMES, min_size=1, max_size=9, unique=True))
def test_a_table_gives_the_list_back(names: list[str]) -> None:
    made = Classes(tuple(names), german=(14, *[None] * (len(names) - 1)), mirrored=(0, *[None] * (len(names) - 1)))
    assert classes.read(made.as_csv()) == made


def test_the_german_signs_have_a_table_with_all_that_is_known() -> None:
    lines = signs.CLASSES.as_csv().splitlines()
    assert lines[0] == "ClassId,SignName,German,Mirrored"
    assert lines[15] == "14,Stop,14," and lines[20] == "19,Dangerous curve to the left,19,20"
    assert classes.read(signs.CLASSES.as_csv()) == signs.CLASSES


def test_names_alone_make_a_table() -> None:
    assert classes.read("ClassId,SignName\n0,Gate\n1,Depot\n") == Classes(("Gate", "Depot"))


def test_classes_without_names_have_numbers() -> None:
    assert classes.numbered(3).names == ("class 0", "class 1", "class 2")
    assert classes.numbered(3).are_numbered and not Classes(("class 1", "class 0")).are_numbered


def test_partners_are_minus_one_where_there_are_none() -> None:
    assert classes.partners(Classes(("a", "b", "c"), mirrored=(1, 0, None))) == [1, 0, -1]


def test_classes_are_found_by_name_or_by_order_where_there_are_no_names() -> None:
    shown = Classes(("b", "x", "a"))
    assert classes.places(shown, ("a", "b", "c")) == [1, -1, 0]
    assert classes.places(shown, ("class 0", "class 1", "class 2")) == [0, 1, 2]
    assert classes.places(shown, ("class 0", "class 1")) == [-1, -1, -1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"names": ()}, "There are 0 classes; expected 1 to 10,000"),
        ({"names": ("a", " ")}, "A class is named ' '; expected 1 to 200 characters on one line"),
        ({"names": ("a\nb",)}, "A class is named 'a\\nb'"),
        ({"names": ("a", "b", "a")}, "Two classes are named 'a'. Give each a name of its own"),
        ({"names": ("a", "b"), "german": (1,)}, "`german` must have a value for each of 2 classes: 1"),
        ({"names": ("a",), "german": (43,)}, "`german` must be 0..42. Received: 43"),
        ({"names": ("a",), "mirrored": (1,)}, "`mirrored` must be 0..0. Received: 1"),
        ({"names": ("a", "b"), "mirrored": (1, 1)}, "The mirrored class of 'a' is 'b', whose own is another"),
    ],
)
def test_a_list_that_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Classes(**given)


@pytest.mark.parametrize(
    "text", ["", "hello", "ClassId,SignName\n1,Gate\n", "ClassId,Name\n0,Gate\n", "ClassId,SignName,German\n0,Gate,x\n"]
)
def test_another_table_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"class|Class|invalid literal"):
        classes.read(text)
