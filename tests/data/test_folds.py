"""Folds over whole tracks."""

import numpy as np
import pytest

from roadsigns.data import Split, folds
from roadsigns.errors import DataError


def split(lengths: list[list[int]], sized: bool = True) -> tuple[Split, np.ndarray]:
    """Pictures of classes 0, 1, ..., each with tracks of so many frames whose signs grow; and the tracks' numbers."""
    labels = np.concatenate([np.full(sum(each), label) for label, each in enumerate(lengths)])
    every = [frames for each in lengths for frames in each]
    sides = np.concatenate([np.linspace(15, 60 + 7 * i % 40, frames) for i, frames in enumerate(every)]).astype(
        np.int64
    )
    images = np.zeros((len(labels), 32, 32, 3), np.uint8)
    sizes = np.stack([sides, sides], axis=1) if sized else None
    return Split(images, labels.astype(np.int64), 43, sizes), np.repeat(np.arange(len(every)), every)


@pytest.mark.parametrize("short", [0, 1, 2, 3])
def test_a_short_track_is_found_by_the_sizes_of_its_signs(short):
    lengths = [30, 30, 30, 30]
    lengths[short] = 29
    pictures, numbers = split([[30, 30], lengths, [30]])
    np.testing.assert_array_equal(folds.tracks(pictures), numbers)


def test_without_sizes_the_short_track_is_the_last():
    pictures, numbers = split([[30, 30, 12], [30, 30]], sized=False)
    np.testing.assert_array_equal(folds.tracks(pictures), numbers)


def test_each_track_is_in_one_fold_and_each_class_in_all():
    pictures, numbers = split([[30] * 6, [30] * 11, [30, 29, 30, 30, 30], [30] * 5])
    held = folds.folds(pictures, 5, seed=1)
    assert len(held) == 5
    np.testing.assert_array_equal(np.sum(held, axis=0), 1)
    for each in held:
        assert all(np.unique(each[numbers == track]).size == 1 for track in range(27))
        assert set(pictures.labels[each]) == {0, 1, 2, 3}
        assert set(pictures.labels[~each]) == {0, 1, 2, 3}
    counts = [len(np.unique(numbers[each])) for each in held]
    assert max(counts) - min(counts) <= 1, "tracks are spread evenly"


def test_a_seed_deals_otherwise_and_repeats():
    pictures, _ = split([[30] * 8, [30] * 8])
    first, again, other = (folds.folds(pictures, 2, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first[0] != other[0]).any()


def test_what_cannot_be_divided_is_refused():
    pictures, _ = split([[30] * 3])
    with pytest.raises(ValueError, match=r"expected at least 2 folds\. Received: count=1"):
        folds.folds(pictures, 1)
    with pytest.raises(DataError, match="Class 1 has one track"):
        folds.folds(split([[30, 30], [30]])[0], 2)
    shuffled = Split(pictures.images, np.arange(90) % 2)
    with pytest.raises(DataError, match="in the benchmark's order, each class in one piece"):
        folds.tracks(shuffled)


@pytest.mark.gtsrb
def test_tracks_of_the_benchmark(gtsrb_archive):
    from roadsigns import data

    train = data.load(str(gtsrb_archive)).train
    numbers = folds.tracks(train)
    frames = np.bincount(numbers)
    assert len(frames) == 1307 - 147
    assert sorted(set(frames)) == [29, 30] and (frames == 29).sum() == 1
    # The camera comes nearer: the last frame of a track is larger than the first of the next.
    last = np.cumsum(frames)[:-1]
    assert (train.sizes[last - 1].prod(axis=1) > train.sizes[last].prod(axis=1)).mean() > 0.97
