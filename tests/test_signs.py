from __future__ import annotations

import csv
from importlib import resources

import pytest

from roadsigns import signs

SPEEDS = {0: 20, 1: 30, 2: 50, 3: 60, 4: 70, 5: 80, 7: 100, 8: 120}


def test_csv_has_the_notebooks_columns_and_43_rows_in_order() -> None:
    with resources.files("roadsigns").joinpath("signnames.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["ClassId", "SignName"]
    assert [row[0] for row in rows] == [str(number) for number in range(43)]
    assert tuple(row[1] for row in rows) == signs.NAMES


def test_names_are_43_different_ones() -> None:
    assert signs.COUNT == 43 == len(signs.NAMES) == len(set(signs.NAMES))
    assert all(name == name.strip() != "" for name in signs.NAMES)


@pytest.mark.parametrize(("number", "speed"), SPEEDS.items())
def test_speed_limits_name_their_speed(number: int, speed: int) -> None:
    assert signs.NAMES[number] == f"Speed limit ({speed}km/h)"


@pytest.mark.parametrize(
    ("number", "name"),
    [(12, "Priority road"), (13, "Yield"), (14, "Stop"), (17, "No entry"), (38, "Keep right"), (39, "Keep left")],
)
def test_names_stand_at_their_ids(number: int, name: str) -> None:
    assert signs.NAMES[number] == name


def test_families_share_out_the_classes() -> None:
    assert sorted(number for family in signs.FAMILIES.values() for number in family) == list(range(43))


@pytest.mark.parametrize(
    ("family", "member"),
    [("octagon", "Stop"), ("triangle down", "Yield"), ("diamond", "Priority road"), ("red disc", "No entry")],
)
def test_lone_shapes_are_families_of_one(family: str, member: str) -> None:
    assert [signs.NAMES[number] for number in signs.FAMILIES[family]] == [member]


def test_mirroring_twice_gives_the_class_back() -> None:
    assert all(signs.MIRRORED[signs.MIRRORED[number]] == number for number in signs.MIRRORED)


def test_mirroring_keeps_the_family() -> None:
    family = {number: name for name, members in signs.FAMILIES.items() for number in members}
    assert all(family[number] == family[mirrored] for number, mirrored in signs.MIRRORED.items())


def test_mirroring_swaps_left_and_right_in_the_names() -> None:
    swap = {"left": "right", "right": "left"}
    for number, mirrored in signs.MIRRORED.items():
        if mirrored != number:
            words = signs.NAMES[number].split()
            assert " ".join(swap.get(word, word) for word in words) == signs.NAMES[mirrored].replace("Turn", words[0])


@pytest.mark.parametrize("number", [*SPEEDS, 6, 14, 21, 24, 40])
def test_what_mirroring_would_spoil_has_no_mirror(number: int) -> None:
    """Digits, letters, a double bend, a one-sided narrowing and a sense of rotation."""
    assert number not in signs.MIRRORED
