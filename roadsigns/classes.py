"""The classes that a model tells apart, as data: names, and what is known of some.

A class list belongs to a data set and to every model trained on it. As text it is one CSV table, wherever it travels:
in the `.keras` file, in an export's `assets/`, in the metadata of an ONNX file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST = 10_000
"""Most classes of a list."""
LONGEST = 200
"""Longest name of a class, in characters."""
METADATA = "roadsigns.classes"
"""The key of the table in an ONNX file's metadata."""

_COLUMNS = ("ClassId", "SignName", "German", "Mirrored")


@dataclass(frozen=True)
class Classes:
    """A list of classes; a class is the index of its name.

    Attributes:
        names: one line each, no two alike.
        german: the number, 0..42, of the benchmark's class that shows the same sign; None where that is unknown. Or
            empty, where it is unknown of all.
        mirrored: the class of the left-right mirrored picture, which may be the class itself; None where a mirrored
            picture shows none of the classes, or where that is unknown. Or empty, likewise.

    Raises:
        ValueError: a name is empty, too long, not one line or there twice; there are too few or too many; a number is
            no class, or the mirrored class of a mirrored class is another.
    """

    names: tuple[str, ...]
    german: tuple[int | None, ...] = ()
    mirrored: tuple[int | None, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.names) <= MOST:
            raise ValueError(f"There are {len(self.names):,} classes; expected 1 to {MOST:,}")
        for name in self.names:
            check_name(name)
        seen: set[str] = set()
        for name in self.names:
            if name in seen:
                raise ValueError(f"Two classes are named {name!r}. Give each a name of its own")
            seen.add(name)
        for column, most in (("german", 43), ("mirrored", len(self.names))):
            values = getattr(self, column) or (None,) * len(self.names)
            object.__setattr__(self, column, values)
            if len(values) != len(self.names):
                raise ValueError(f"`{column}` must have a value for each of {len(self.names)} classes: {len(values)}")
            for value in values:
                if value is not None and not 0 <= value < most:
                    raise ValueError(f"`{column}` must be 0..{most - 1}. Received: {value}")
        for index, other in enumerate(self.mirrored):
            if other is not None and self.mirrored[other] != index:
                raise ValueError(
                    f"The mirrored class of {self.names[index]!r} is {self.names[other]!r}, whose own is another. "
                    "Expected pairs, or a class that is its own"
                )

    def __len__(self) -> int:
        """Number of classes."""
        return len(self.names)

    @property
    def are_numbered(self) -> bool:
        """Whether they are known by their numbers alone."""
        return self.names == numbered(len(self)).names

    def as_csv(self) -> str:
        """The table."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for index, (name, german, mirrored) in enumerate(zip(self.names, self.german, self.mirrored, strict=True)):
            writer.writerow([index, name, "" if german is None else german, "" if mirrored is None else mirrored])
        return file.getvalue()

    def some(self, ids: Iterable[int] | None = None, most: int = 3) -> str:
        """The first names, of all or of those with these ids, as a message has them."""
        names = [self.names[index] for index in (range(len(self)) if ids is None else ids)]
        return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def numbered(count: int) -> Classes:
    """So many classes of which nothing is known: `class 0`, `class 1` and so on."""
    return Classes(tuple(f"class {index}" for index in range(count)))


def read(text: str) -> Classes:
    """The list of a table that `Classes.as_csv` wrote; the last two columns may be absent.

    Raises:
        ValueError: it is no such table.
    """
    try:
        rows = list(csv.DictReader(text.splitlines()))
        if [row["ClassId"] for row in rows] != [str(index) for index in range(len(rows))]:
            raise ValueError("the column ClassId is not 0, 1, 2, ...")
        columns = [tuple(_number(row.get(name)) for row in rows) for name in _COLUMNS[2:]]
        return Classes(tuple(row["SignName"] for row in rows), *columns)
    except (KeyError, TypeError, AttributeError, csv.Error) as error:
        raise ValueError(f"no table of classes: {error!r}") from error


def places(shown: Classes, known: Sequence[str]) -> list[int]:
    """For each class of `shown` its id among the classes named `known`, -1 where there is none.

    Where these are as many and have numbers alone, they are taken in the order of `shown`.
    """
    if tuple(known) == numbered(len(shown)).names:
        return list(range(len(shown)))
    ids = {name: index for index, name in enumerate(known)}
    return [ids.get(name, -1) for name in shown.names]


def check_name(name: str) -> None:
    """Raise ValueError where `name` cannot be that of a class."""
    if not name.strip() or len(name) > LONGEST or not name.isprintable():
        raise ValueError(f"A class is named {name[:80]!r}; expected 1 to {LONGEST} characters on one line")


def partners(classes: Classes) -> Sequence[int]:
    """For each class that of its mirrored picture, -1 where it has none."""
    return [-1 if other is None else other for other in classes.mirrored]


def _number(text: str | None) -> int | None:
    return int(text) if text else None
