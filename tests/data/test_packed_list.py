from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns.data import packed_list
from roadsigns.data.collection import Item
from roadsigns.data.packed_list import PackedList

names = st.text() | st.binary().map(os.fsdecode)  # as the system gives names that are no UTF-8


@given(st.lists(names), st.integers(1, 5), st.slices(12))
def test_it_is_the_list_that_it_was_made_of(elements: list[str], block: int, part: slice) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_list, "BLOCK", block)
        packed = PackedList(iter(elements))
        assert list(packed) == elements and len(packed) == len(elements)
        assert [packed[index] for index in range(len(elements))] == elements
        assert [packed[index] for index in range(-1, -len(elements) - 1, -1)] == elements[::-1]
        assert packed[part] == elements[part]
        for index in (len(elements), -len(elements) - 1):
            with pytest.raises(IndexError):
                packed[index]


def test_readers_do_not_disturb_each_other() -> None:
    packed = PackedList(map(str, range(2000)))
    for number, text in enumerate(packed):
        assert text == str(number) and packed[1999 - number] == str(1999 - number)


@given(st.lists(st.tuples(names, names, st.sampled_from(["train", None]), st.none() | st.tuples(*[st.integers()] * 4))))
def test_items_are_what_they_were(rows: list[tuple[str, str, None, tuple[int, int, int, int] | None]]) -> None:
    items = [Item(*row) for row in rows]
    assert list(Item.packed(items)) == items


def test_a_name_takes_few_bytes() -> None:
    packed = PackedList(f"signs/class {index // 1000}/{index:06}.jpg" for index in range(10_000))
    assert sum(map(sys.getsizeof, packed._blocks)) < 10 * len(packed)
