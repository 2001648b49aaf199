"""Which split each picture of the benchmark's archives goes to; no track is divided."""

from __future__ import annotations

import collections
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import DataError
from .benchmark import BenchmarkZip, Row
from .collection import Item
from .gtsrb import PICTURES

TRAIN_PICTURE = re.compile(r"GTSRB/Final_Training/Images/(\d{5})/((\d{5})_\d{5}\.ppm)")
TRAIN_TABLE = "GTSRB/Final_Training/Images/{0:05}/GT-{0:05}.csv"
TEST_PICTURE = re.compile(r"GTSRB/Final_Test/Images/(\d{5}\.ppm)")
TRACK_FRAMES = 30
"""Frames of a whole track. The one track that has 29 stays in the training set."""

VALID_TRACKS = (
    *(1, 8, 8, 5, 7, 7, 2, 5, 5, 5, 7, 5, 7, 8, 3, 3, 2, 4, 4, 1, 2, 2),
    *(2, 2, 1, 5, 2, 1, 2, 1, 2, 3, 1, 3, 2, 4, 2, 1, 7, 1, 2, 1, 1),
)
"""Validation tracks of each class, 147 in all: the class counts of the published validation set, over 30."""
SEED = 0


@dataclass(frozen=True)
class Picture:
    """A picture of an archive: its member's name, what its table says, and the track (0 in the test set)."""

    name: str
    row: Row
    track: int = 0


def training_pictures(archive: BenchmarkZip) -> list[Picture]:
    """All pictures of the training archive, by class, track and frame.

    Raises:
        DataError: a table is missing, lacks a picture, or puts it in another class than its folder.
    """
    matches = [match for match in map(TRAIN_PICTURE.fullmatch, sorted(archive.infos)) if match]
    tables = {int(label): archive.table(TRAIN_TABLE.format(int(label))) for label in {match[1] for match in matches}}
    pictures = []
    for match in matches:
        row = _row(tables[int(match[1])], match[2], match[0], archive)
        if row.label != int(match[1]):
            raise DataError(
                f"{match[0]} in {archive.path} is of class {row.label} by its table; its folder says otherwise"
            )
        pictures.append(Picture(match[0], row, int(match[3])))
    return pictures


def testing_pictures(archive: BenchmarkZip, table: Mapping[str, Row]) -> list[Picture]:
    """All pictures of the test archive in their official order, with the classes of `table`."""
    matches = [match for match in map(TEST_PICTURE.fullmatch, sorted(archive.infos)) if match]
    return [Picture(match[0], _row(table, match[1], match[0], archive)) for match in matches]


def as_official(items: Sequence[Item]) -> Sequence[Item]:
    """Put the tracks to validate on that `--data official` has into that split, where `items` hold the whole benchmark.

    Args:
        items: those of the test set are in its split; the labels of the others are class ids.
    """
    train = [item for item in items if item.split is None]
    tracks = [item.track for item in train]
    if len(train) != sum(PICTURES[split] for split in ("train", "valid")) or None in tracks:
        return items
    nothing = Row((0, 0), (0, 0, 0, 0), 0)
    pictures = [Picture(item.name, replace(nothing, label=int(item.label)), item.track or 0) for item in train]
    aside = {picture.name for picture in divide(pictures, VALID_TRACKS, seed=SEED)[1]}
    return [item._replace(split="valid") if item.name in aside else item for item in items]


def _row(table: Mapping[str, Row], file: str, name: str, archive: BenchmarkZip) -> Row:
    if file not in table:
        raise DataError(f"{name} in {archive.path} is in no table")
    return table[file]


def divide(
    pictures: Iterable[Picture], valid_tracks: Sequence[int], *, seed: int
) -> tuple[list[Picture], list[Picture]]:
    """Choose whole tracks of each class for validation: `valid_tracks[label]` of the tracks with all their frames.

    The tracks whose SHA-256 with the seed is lowest are taken: the same ones with every version of every library.

    Returns:
        The pictures to train and to validate on, both in the order they came in.

    Raises:
        DataError: a class has fewer tracks than are to be set aside.
    """
    pictures = list(pictures)
    frames = collections.Counter((picture.row.label, picture.track) for picture in pictures)
    aside: set[tuple[int, int]] = set()
    for label, count in enumerate(valid_tracks):
        whole = [key for key, number in frames.items() if key[0] == label and number == TRACK_FRAMES]
        if len(whole) < count:
            raise DataError(
                f"Class {label} has {len(whole)} tracks of {TRACK_FRAMES} frames; expected at least {count}"
            )
        aside.update(
            sorted(whole, key=lambda key: hashlib.sha256(f"{seed}/{key[0]}/{key[1]}".encode()).digest())[:count]
        )
    train = [picture for picture in pictures if (picture.row.label, picture.track) not in aside]
    valid = [picture for picture in pictures if (picture.row.label, picture.track) in aside]
    return train, valid
