"""The 43 classes of the German Traffic Sign Recognition Benchmark.

Source: names as in the seed notebook's `signnames.csv`; shapes and mirror partners after the German road traffic
regulations (StVO).
"""

from __future__ import annotations

import csv
from importlib import resources

from .classes import Classes

COUNT = 43


def _names(file: str) -> tuple[str, ...]:
    text = resources.files(__package__).joinpath(file).read_text(encoding="utf-8")
    return tuple(row["SignName"] for row in csv.DictReader(text.splitlines()))


NAMES: tuple[str, ...] = _names("signnames.csv")
"""Name of each class, by id."""

GERMAN_NAMES: tuple[str, ...] = _names("signnames_de.csv")
"""Name of each class in German, by id, after the StVO's list of signs."""

FAMILIES: dict[str, tuple[int, ...]] = {
    "red ring": (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16),
    "red disc": (17,),
    "grey disc": (6, 32, 41, 42),
    "blue disc": (33, 34, 35, 36, 37, 38, 39, 40),
    "triangle up": (11, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31),
    "triangle down": (13,),
    "octagon": (14,),
    "diamond": (12,),
}
"""Class ids by the shape and colour a driver sees from afar."""

MIRRORED: dict[int, int] = {
    **{same: same for same in (11, 12, 13, 15, 17, 18, 22, 26, 30, 35)},
    19: 20,
    20: 19,
    33: 34,
    34: 33,
    36: 37,
    37: 36,
    38: 39,
    39: 38,
}
"""Class of the left-right mirrored picture; classes that do not survive mirroring are absent."""

CLASSES = Classes(NAMES, tuple(range(COUNT)), tuple(MIRRORED.get(class_id) for class_id in range(COUNT)))
"""The 43 as a class list."""
