from __future__ import annotations

import collections

from roadsigns.data.collection import Item
from roadsigns.data.tracks import VALID_TRACKS, as_official


def whole_benchmark() -> list[Item]:
    """As many pictures as the benchmark has, in tracks of 30 frames and one of 29."""
    items = []
    for label, aside in enumerate(VALID_TRACKS):
        for track in range(aside + 26 + (42 if label == 1 else 0)):
            frames = 29 if (label, track) == (33, 0) else 30
            items += [Item(f"{label:05}/{track:05}_{frame:05}.ppm", str(label)) for frame in range(frames)]
    return [*items, Item("00000.ppm", "5", "test")]


def test_the_whole_benchmark_is_divided_as_the_official_data_set() -> None:
    items = as_official(whole_benchmark())
    assert len(items) == 39_209 + 1 and items[-1].split == "test"
    aside = [item for item in items if item.split == "valid"]
    frames = collections.Counter((int(item.label), item.track) for item in aside)
    assert set(frames.values()) == {30}, "whole tracks"
    assert (33, 0) not in frames, "the track that lacks a frame is to learn from"
    assert tuple(collections.Counter(label for label, _ in frames)[label] for label in range(43)) == VALID_TRACKS


def test_a_part_of_it_is_left_as_it_is() -> None:
    items = whole_benchmark()[1:]
    assert as_official(items) == items
