from __future__ import annotations

import pytest

from roadsigns.data.collection import Collection, Item
from roadsigns.errors import DataError


def pile(*items: Item) -> Collection:
    return Collection("a test", items, lambda index: b"", "stamp")


@pytest.mark.parametrize(
    ("name", "track"),
    [
        ("00012_00007.ppm", 12),
        ("a/b/00003_00012_00007.png", 12),
        ("12_7.ppm", None),
        ("00012.ppm", None),
        ("x00012_00007.ppm", None),
    ],
)
def test_a_track_is_known_by_the_benchmarks_names(name: str, track: int | None) -> None:
    assert Item(name, "0").track == track


def test_one_pile_is_divided_into_three() -> None:
    made = pile(*(Item(f"{i:03}.png", "ab"[i % 2]) for i in range(200))).divided({"a": 0, "b": 1})
    splits = [item.split for item in made.items]
    assert (splits.count("train"), splits.count("valid"), splits.count("test")) == (162, 18, 20)
    assert splits[-20:] == ["test"] * 20 and splits[-38:-20] == ["valid"] * 18
    assert made.notes[0].startswith("a tenth of each class is set apart for valid and for test, by picture, the last ")


def test_one_file_without_a_track_leaves_all_without() -> None:
    items = [Item(f"{i // 5:05}_{i % 5:05}.png", "a", split) for i in range(50) for split in (None,)]
    assert "in whole tracks" in pile(*items).divided({"a": 0}).notes[0]
    assert "by picture" in pile(*items, Item("x.png", "a")).divided({"a": 0}).notes[0]


def test_splits_that_are_there_stay() -> None:
    items = [Item(f"{i}.png", "a", "test" if i < 3 else "train") for i in range(23)]
    made = pile(*items).divided({"a": 0})
    assert [item.split for item in made.items] == ["test"] * 3 + ["train"] * 18 + ["valid"] * 2
    only_test = pile(*items[:3]).divided({"a": 0})
    assert [item.split for item in only_test.items] == ["test"] * 3 and not only_test.notes


def test_too_few_pictures_are_told() -> None:
    with pytest.raises(DataError, match=r"No class has enough pictures to set one apart for test. Put some into test/"):
        pile(Item("1.png", "a"), Item("1.png", "b")).divided({"a": 0, "b": 1})
