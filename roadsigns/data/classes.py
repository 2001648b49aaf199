"""From the labels of a person's pictures to class ids: the benchmark's 43 classes, or classes of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .. import signs
from ..errors import DataError

MAX_CLASSES = 10_000
MAX_LENGTH = 200
"""Longest name of a class, in characters."""

_BY_NAME = {name.casefold(): index for index, name in enumerate(signs.NAMES)}


def identify(labels: Iterable[str], stated: tuple[str, ...] | None = None) -> tuple[tuple[str, ...], dict[str, int]]:
    """Name the classes that `labels` mean, and number the labels.

    Labels that are all ids 0..42 or names of `signs.NAMES` mean the benchmark's 43 classes. Others are the names of
    classes of their own, in alphabetical order. Numbers are ordered as numbers, whatever zeros stand before them.

    Args:
        labels: as a source spells them.
        stated: all classes in the order that the source states.

    Returns:
        The names of all classes, and the id of each label.

    Raises:
        DataError: a label is empty, too long or not one line, two differ in case alone, or there are too many.
    """
    labels = set(labels) | set(stated or ())
    for label in labels:
        if not label.strip() or len(label) > MAX_LENGTH or not label.isprintable():
            raise DataError(f"A class is named {label[:80]!r}; expected 1 to {MAX_LENGTH} characters on one line")
    if len(labels) > MAX_CLASSES:
        raise DataError(f"There are {len(labels):,} classes; expected at most {MAX_CLASSES:,}. Are these the labels?")
    known = {label: _benchmark(label) for label in labels}
    if None not in known.values():
        return signs.NAMES, {label: index for label, index in known.items() if index is not None}
    if stated is not None and labels == set(stated):
        return stated, {label: index for index, label in enumerate(stated)}
    if all(map(_is_number, labels)):
        numbers = sorted(set(map(int, labels)))
        places = {number: index for index, number in enumerate(numbers)}
        return tuple(map(str, numbers)), {label: places[int(label)] for label in labels}
    _differ(labels)
    names = tuple(sorted(labels, key=lambda label: (not _is_number(label), label.casefold())))
    return names, {label: index for index, label in enumerate(names)}


def _is_number(label: str) -> bool:
    return re.fullmatch(r"[0-9]{1,9}", label) is not None


def _benchmark(label: str) -> int | None:
    if _is_number(label):
        return int(label) if int(label) < signs.COUNT else None
    return _BY_NAME.get(label.casefold())


def _differ(labels: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for label in sorted(labels):
        other = seen.setdefault(label.casefold(), label)
        if other != label:
            raise DataError(f"The classes {other!r} and {label!r} differ in case alone. Give both one name")
