from __future__ import annotations

import csv
import re
from importlib import resources

import pytest

from roadsigns import signs

SPEEDS = {0: 20, 1: 30, 2: 50, 3: 60, 4: 70, 5: 80, 7: 100, 8: 120}


@pytest.mark.parametrize(("file", "names"), [("signnames.csv", signs.NAMES), ("signnames_de.csv", signs.GERMAN_NAMES)])
def test_csv_has_the_notebooks_columns_and_43_rows_in_order(file: str, names: tuple[str, ...]) -> None:
    with resources.files("roadsigns").joinpath(file).open(encoding="utf-8", newline="") as table:
        header, *rows = csv.reader(table)
    assert header == ["ClassId", "SignName"]
    assert [row[0] for row in rows] == [str(number) for number in range(43)]
    assert tuple(row[1] for row in rows) == names


@pytest.mark.parametrize("names", [signs.NAMES, signs.GERMAN_NAMES])
def test_names_are_43_different_ones(names: tuple[str, ...]) -> None:
    assert signs.COUNT == 43 == len(names) == len(set(names))
    assert all(name == name.strip() != "" for name in names)


@pytest.mark.parametrize(("number", "speed"), SPEEDS.items())
def test_speed_limits_name_their_speed(number: int, speed: int) -> None:
    assert signs.NAMES[number] == f"Speed limit ({speed}km/h)"
    assert signs.GERMAN_NAMES[number] == f"Zulässige Höchstgeschwindigkeit {speed} km/h"


@pytest.mark.parametrize(
    ("number", "name", "german"),
    [
        (12, "Priority road", "Vorfahrtstraße"),
        (13, "Yield", "Vorfahrt gewähren"),
        (14, "Stop", "Halt. Vorfahrt gewähren"),
        (17, "No entry", "Verbot der Einfahrt"),
        (31, "Wild animals crossing", "Wildwechsel"),
        (38, "Keep right", "Vorgeschriebene Vorbeifahrt \N{EN DASH} rechts vorbei"),
        (39, "Keep left", "Vorgeschriebene Vorbeifahrt \N{EN DASH} links vorbei"),
    ],
)
def test_names_stand_at_their_ids(number: int, name: str, german: str) -> None:
    assert (signs.NAMES[number], signs.GERMAN_NAMES[number]) == (name, german)


def test_sides_and_ends_are_the_same_in_both_languages() -> None:
    """Words that stand for each other, class by class."""
    words = {"left": "links", "right": "rechts", "End of": "Ende ", "3.5": "3,5", "straight|only": "geradeaus"}
    for english, german in words.items():
        for number, (name, other) in enumerate(zip(signs.NAMES, signs.GERMAN_NAMES, strict=True)):
            if re.search(rf"\b({english})\b", name) and number != 11:  # "right of way" is no side
                assert re.search(german, other), (number, name, other)


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
