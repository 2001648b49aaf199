from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns.data.apart import set_apart

labels_and_tracks = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=120)


@given(st.lists(st.integers(0, 4), max_size=200))
def test_the_last_tenth_of_each_class_is_set_apart(labels: list[int]) -> None:
    array = np.array(labels, np.int64)
    apart = set_apart(array)
    for label in set(labels):
        own = apart[array == label]
        expected = max(round(len(own) / 10), 1) if len(own) > 1 else 0
        assert own.sum() == expected and not own[: len(own) - expected].any()


@given(labels_and_tracks)
def test_tracks_stay_whole(pairs: list[tuple[int, int]]) -> None:
    labels, tracks = np.array(pairs, np.int64).reshape(-1, 2).T
    apart = set_apart(labels, tracks)
    for label in np.unique(labels):
        own = labels == label
        sizes = {track: int((own & (tracks == track)).sum()) for track in np.unique(tracks[own])}
        taken = {track for track in sizes if apart[own & (tracks == track)].any()}
        assert all(apart[own & (tracks == track)].all() for track in taken)
        assert len(taken) < len(sizes) or not taken
        if len(sizes) > 1:
            assert taken and (apart[own].sum() >= own.sum() / 10 or len(taken) == len(sizes) - 1)
            assert min(apart[own].sum() - sizes[track] for track in taken) < own.sum() / 10, "no track too many"


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_are_set_apart_again(seed: int) -> None:
    labels, tracks = np.zeros(400, np.int64), np.repeat(np.arange(40), 10)
    chosen = set_apart(labels, tracks, seed=seed)
    np.testing.assert_array_equal(chosen, set_apart(labels, tracks, seed=seed))
    assert np.unique(tracks[chosen]).tolist() == {0: [8, 21, 24, 34], 1: [1, 5, 23, 33]}[seed]
