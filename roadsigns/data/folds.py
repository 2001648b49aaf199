"""Folds of the training pictures in whole tracks, to choose settings by where a validation set is too small.

The frames of a track show one physical sign and resemble each other, so that a track on both sides of a fold makes
every model look good. The benchmark's pickles do not name tracks; their pictures are in order of class, track and
frame, 30 frames a track, and the camera comes nearer from frame to frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .split import Split
from .tracks import TRACK_FRAMES


def tracks(split: Split) -> NDArray[np.int64]:
    """The number of each picture's track, ascending from 0: int64 `(N,)`.

    Args:
        split: pictures in the order of the benchmark: all of a class follow each other, and all of a track do. Where
            the pictures of a class are no multiple of 30, one track of it is shorter: where `sizes` are known, the one
            after which the signs begin to be small again most clearly, else the last.

    Raises:
        DataError: a class is in two places, so that the pictures are in another order.
    """
    starts = np.flatnonzero(np.diff(split.labels, prepend=-1))
    if len(np.unique(split.labels[starts])) < len(starts):
        raise DataError("Folds need pictures in the benchmark's order, each class in one piece. These are in another")
    number = np.zeros(len(split), np.int64)
    for start, stop in zip(starts, [*starts[1:], len(split)], strict=True):
        number[start + _beginnings(stop - start, None if split.sizes is None else split.sizes[start:stop])] = 1
    return np.cumsum(number) - 1


def _beginnings(count: int, sizes: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Where the tracks of a class begin among its pictures."""
    whole = np.arange(0, count, TRACK_FRAMES)
    short = TRACK_FRAMES - count % TRACK_FRAMES
    if sizes is None or short == TRACK_FRAMES:
        return whole
    area = np.log(sizes.prod(axis=1))
    # The tracks after the short one begin earlier by the frames that it lacks.
    places = [np.where(np.arange(len(whole)) > each, whole - short, whole) for each in range(len(whole))]
    return max(places, key=lambda each: float((area[each[1:] - 1] - area[each[1:]]).sum()))


def folds(split: Split, count: int, seed: int = 0) -> list[NDArray[np.bool_]]:
    """Divide training pictures into folds of whole tracks, each class spread evenly over them.

    Args:
        split: as `tracks` needs it.
        count: how many folds, at least 2.
        seed: another seed divides the tracks in another way.

    Returns:
        For each fold the pictures that are held out, true, `(N,)`: each picture in exactly one.

    Raises:
        ValueError: `count` is below 2.
        DataError: the pictures are in another order, or a class has a single track, which one fold would train without.
    """
    if count < 2:
        raise ValueError(f"Invalid value for `count`: expected at least 2 folds. Received: count={count}")
    number = tracks(split)
    first = np.flatnonzero(np.diff(number, prepend=-1))
    labels = split.labels[first]
    random = np.random.default_rng(seed)
    fold = np.zeros(len(first), np.int64)
    dealt = 0
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        if len(own) < 2:
            raise DataError(f"Class {label} has one track of pictures: folds need two of each class")
        fold[random.permutation(own)] = (dealt + np.arange(len(own))) % count
        dealt += len(own)
    return [fold[number] == each for each in range(count)]
