"""From the labels of a person's pictures to class ids, of the benchmark's 43 classes or of the person's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from .. import signs
from ..classes import MOST, Classes, check_name
from ..errors import DataError

DECLARED = "classes.csv"
"""The file name of the table in which a person lists the classes."""
COLUMNS = ("label", "name", "mirrored", "german")
"""The columns of that table: the label of the pictures, the name of the class, the label of the mirrored picture, and
the benchmark's class of the same sign. All but `label` may be absent or empty."""

_BY_NAME = {name.casefold(): index for index, name in enumerate(signs.NAMES)}


def identify(
    labels: Iterable[str], stated: tuple[str, ...] | None = None, declared: Sequence[Mapping[str, str]] = ()
) -> tuple[Classes, dict[str, int]]:
    """Name the classes that `labels` mean, and number the labels.

    Labels that are all ids 0..42 or names of `signs.NAMES` mean the benchmark's 43 classes. Others are the names of
    classes of their own, in alphabetical order. Numbers are ordered as numbers, whatever zeros stand before them, and
    `7` is named `class 7`.

    Args:
        labels: the labels as the source spells them.
        stated: all classes, in the order that the source states.
        declared: rows of a table with `COLUMNS`, which has the last word; all classes in their order.

    Returns:
        The classes, and the id of each label.

    Raises:
        DataError: a label is empty, too long or not one line, two differ in case alone, there are too many, or the
            table lacks one.
    """
    labels = set(labels) | set(stated or ())
    if declared:
        return _as_declared(labels, declared)
    for label in labels:
        _check(label)
    if len(labels) > MOST:
        raise DataError(f"There are {len(labels):,} classes; expected at most {MOST:,}. Are these the labels?")
    known = {label: _benchmark(label) for label in labels}
    if None not in known.values():
        return signs.CLASSES, {label: index for label, index in known.items() if index is not None}
    if stated is not None and labels == set(stated):
        return Classes(stated), {label: index for index, label in enumerate(stated)}
    if all(map(_is_number, labels)):
        numbers = sorted(set(map(int, labels)))
        places = {number: index for index, number in enumerate(numbers)}
        return Classes(tuple(f"class {number}" for number in numbers)), {label: places[int(label)] for label in labels}
    _differ(labels)
    names = tuple(sorted(labels, key=lambda label: (not _is_number(label), label.casefold())))
    return Classes(names), {label: index for index, label in enumerate(names)}


def _as_declared(labels: set[str], rows: Sequence[Mapping[str, str]]) -> tuple[Classes, dict[str, int]]:
    keys = [_key(row.get("label", "")) for row in rows]
    if len(set(keys)) < len(keys):
        twice = next(key for index, key in enumerate(keys) if key in keys[:index])
        raise DataError(f"{DECLARED} has the label {twice!r} twice. Give each class one row")
    places = {key: index for index, key in enumerate(keys)}
    lacking = sorted(label for label in labels if _key(label) not in places)
    if lacking:
        more = f" and of {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise DataError(f"{DECLARED} has no row of the label {lacking[0]!r}{more}. Add one, or remove {DECLARED}")
    names = tuple(row.get("name") or _named(row.get("label", "")) for row in rows)
    mirrored = [_place(row.get("mirrored", ""), places, names) for row in rows]
    for index, other in enumerate(mirrored):  # one of a pair may say it for both
        if other is not None and mirrored[other] is None:
            mirrored[other] = index
    try:
        made = Classes(names, tuple(_german(row.get("german", "")) for row in rows), tuple(mirrored))
    except ValueError as error:
        raise DataError(f"{DECLARED}: {error}") from error
    return made, {label: places[_key(label)] for label in labels}


def _place(text: str, places: Mapping[str, int], names: Sequence[str]) -> int | None:
    if not text:
        return None
    if _key(text) in places:
        return places[_key(text)]
    if text in names:
        return names.index(text)
    raise DataError(f"{DECLARED} says that a mirrored picture shows {text!r}, which is none of its labels")


def _german(text: str) -> int | None:
    if not text:
        return None
    found = _benchmark(text)
    if found is None:
        raise DataError(f"{DECLARED} names the German class {text!r}; expected 0 to 42, or a name such as 'Stop'")
    return found


def _key(label: str) -> str:
    """A label in the form in which labels are compared: a number without leading zeros, or text in small letters."""
    return str(int(label)) if _is_number(label) else label.casefold()


def _named(label: str) -> str:
    return f"class {int(label)}" if _is_number(label) else label


def _check(label: str) -> None:
    try:
        check_name(label)
    except ValueError as error:
        raise DataError(str(error)) from None


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
