"""A list of a person's own pictures and their classes, the same for every form of source, before any is read."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .apart import set_apart
from .packed_list import PackedList
from .split import SPLITS, SplitName

Number = TypeVar("Number", np.int8, np.int16, np.int32)

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

    @staticmethod
    def packed(items: Iterable[Item]) -> PackedList[Item]:
        """The same in little memory."""
        return PackedList(items, lambda row: Item(row[0], row[1], row[2], row[3] and (*row[3],)))


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
        splits = self._each((SPLITS.index(item.split or "train") for item in self.items), np.int8)
        missing = [split for number, split in enumerate(SPLITS) if not (splits == number).any()]
        if not missing or "train" in missing:
            return self._placed(splits, self.notes)
        labels = self._each((ids.get(item.label, -1) for item in self.items), np.int16)
        tracks = self._each((-1 if item.track is None else item.track for item in self.items), np.int32)
        by_track = not (tracks[splits == 0] == -1).any()
        for split in reversed(missing):  # the test pictures first
            train = splits == 0
            apart = set_apart(labels[train], tracks[train] if by_track else None)
            if not apart.any():
                kind = "tracks" if by_track else "pictures"
                raise DataError(f"No class has enough {kind} to set one apart for {split}. Put some into {split}/")
            train[train] = apart
            splits[train] = SPLITS.index(split)
        how = (
            "in whole tracks, as the files are named"
            if by_track
            else "by picture, the last ones by name: no tracks are known, so a sign may be on both sides of the split"
        )
        note = f"a tenth of each class is set apart for {' and for '.join(missing)}, {how}"
        return self._placed(splits, [*self.notes, note])

    def _each(self, numbers: Iterable[int], kind: type[Number]) -> NDArray[Number]:
        """One number for each item, in few bytes."""
        return np.fromiter(numbers, kind, len(self.items))

    def _placed(self, splits: NDArray[np.int8], notes: list[str]) -> Collection:
        """The same with each item in the split of that index in `SPLITS`."""
        items = (item._replace(split=SPLITS[number]) for item, number in zip(self.items, splits, strict=True))
        return dataclasses.replace(self, items=Item.packed(items), notes=notes)
