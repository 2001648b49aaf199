"""A list of a person's own pictures and their classes, the same for every form of source, before any is read."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..errors import DataError
from .apart import set_apart
from .split import SPLITS, SplitName

Box = tuple[int, int, int, int]
"""x1, y1, x2, y2 of a sign, in pixels of the picture as it is seen."""

SPLIT_WORDS: dict[str, SplitName] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "validation", "val", "dev"), "valid"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What folders, files and columns call a split, in small letters."""

# The benchmark names its pictures track_frame or class_track_frame.
_TRACK = re.compile(r"(?:\d{5}_)?(\d{5})_\d{5}\.\w+")


class Item(NamedTuple):
    """One picture.

    Attributes:
        name: the name of its file, or another name that messages can use.
        label: its class, as the source spells it.
        split: the split that the source puts it in; None where the source has none.
        box: where the sign is; None for the whole picture.
    """

    name: str
    label: str
    split: SplitName | None = None
    box: Box | None = None

    @property
    def track(self) -> int | None:
        """The track that the file's name shows."""
        match = _TRACK.fullmatch(self.name.rpartition("/")[2])
        return int(match[1]) if match else None


@dataclass
class Collection:
    """What a source holds.

    Attributes:
        form: the form it was recognised as, in words.
        items: all pictures; their order is that of the splits.
        read: takes an index of `items`, gives the bytes of that picture.
        stamp: text that changes when one of the files does.
        left_out: the pictures that cannot be used, each by name and with the reason.
        notes: lines that a person should read.
        published: whether these are the benchmark's pictures, which are resized as the published ones were.
        names: all classes in their order, where the source states one.
        declared: rows of the table by which a person says what the classes are; see `data.classes`.
    """

    form: str
    items: Sequence[Item]
    read: Callable[[int], bytes]
    stamp: str
    left_out: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: tuple[str, ...] | None = None
    published: bool = False
    declared: list[Mapping[str, str]] = field(default_factory=list)

    def divided(self, ids: Mapping[str, int]) -> Collection:
        """The same with every picture in a split; pictures for a missing split are taken from the training split.

        Args:
            ids: the class id of each label.

        Raises:
            DataError: there are too few pictures.
        """
        items = [item._replace(split=item.split or "train") for item in self.items]
        missing = [split for split in SPLITS if split not in {item.split for item in items}]
        if not missing or "train" in missing:
            return dataclasses.replace(self, items=items)
        whole = [item.track is not None for item in items if item.split == "train"]
        by_track = all(whole)
        for split in reversed(missing):  # the test pictures first
            own = [index for index, item in enumerate(items) if item.split == "train"]
            labels = np.array([ids.get(items[index].label, -1) for index in own], np.int64)
            tracks = np.array([items[index].track for index in own], np.int64) if by_track else None
            apart = set_apart(labels, tracks)
            if not apart.any():
                kind = "tracks" if by_track else "pictures"
                raise DataError(f"No class has enough {kind} to set one apart for {split}. Put some into {split}/")
            for index, chosen in zip(own, apart, strict=True):
                if chosen:
                    items[index] = items[index]._replace(split=split)
        how = (
            "in whole tracks, as the files are named"
            if by_track
            else "by picture, the last ones by name: no tracks are known, so a sign may be on both sides of the split"
        )
        note = f"a tenth of each class is set apart for {' and for '.join(missing)}, {how}"
        return dataclasses.replace(self, items=items, notes=[*self.notes, note])
