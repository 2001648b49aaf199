"""Which pictures become a split that a data set lacks: a share of each class."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHARE = 0.1
"""The share of each class that is set apart for each split that is missing."""


def set_apart(
    labels: NDArray[np.integer[Any]], tracks: NDArray[np.integer[Any]] | None = None, *, seed: int = 0
) -> NDArray[np.bool_]:
    """Choose a tenth of each class; every version of every library makes the same choice.

    A track is the pictures of one physical sign. They resemble each other so much that a track on both sides of a split
    makes every model look good. So whole tracks are taken, in the order of the SHA-256 of seed, class and track, until
    a tenth of the class is reached. Where no tracks are known, the last tenth of each class is taken: pictures that
    follow each other mostly show the same sign.

    Args:
        labels: class ids, shape `(N,)`.
        tracks: the number of the track of each picture, unique in its class, shape `(N,)`; None where unknown.
        seed: chooses other tracks.

    Returns:
        True for the pictures set apart, shape `(N,)`: at least one picture or track of each class that has two, and
        never a whole class.
    """
    apart = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        if tracks is None:
            apart[own[len(own) - max(round(SHARE * len(own)), min(1, len(own) - 1)) :]] = True
            continue
        names = np.unique(tracks[own])
        order = sorted(names, key=lambda name: hashlib.sha256(f"{seed}/{label}/{name}".encode()).digest())
        for name in order[:-1]:
            if apart[own].sum() >= SHARE * len(own):
                break
            apart[own[tracks[own] == name]] = True
    return apart
