"""Options: fields of a frozen dataclass that are flags too, each with its kind of value, default and help.

A value is checked wherever it comes from (flag, Python, environment, file), before anything heavy is imported; who has
the last word on it is the same on the command line and in Python.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from .errors import UsageError
from .files import read

_MAX_CONFIG = 2**20


@dataclass(frozen=True)
class Kind:
    """A kind of value: how it is read, from text or as it is, and what to say when it cannot be.

    Attributes:
        expects: the values allowed, in words that follow "expected".
        read: value or its text to value; raises ValueError or TypeError for what is not allowed.
        words: all values, where they are a few words.
        path: whether a value that is none of the words is a path.
    """

    expects: str
    read: Callable[[Any], Any]
    words: tuple[str, ...] = ()
    path: bool = False


def whole(minimum: int, maximum: int | None = None) -> Kind:
    """Whole numbers of at least `minimum` and, where given, at most `maximum`."""

    def read(value: Any) -> int:
        number = int(value)
        if isinstance(value, bool) or (isinstance(value, float) and value != number):
            raise ValueError(value)
        if number < minimum or (maximum is not None and number > maximum):
            raise ValueError(value)
        return number

    upper = "" if maximum is None else f" and at most {maximum}"
    return Kind(f"a whole number of at least {minimum}{upper}", read)


_TINY = 2**-126
"""The smallest 32-bit float that processors tell from 0 whatever their settings."""


def share(above: float, upto: float) -> Kind:
    """Real numbers in the half-open interval (above, upto], and not 0 to a 32-bit float."""

    def read(value: Any) -> float:
        number = float(value)
        if isinstance(value, bool) or not (above < number <= upto) or abs(number) < _TINY or not math.isfinite(number):
            raise ValueError(value)
        return number

    upper = f"at most {upto:g}" if math.isfinite(upto) else "finite"
    return Kind(f"a number above {above:g} and {upper}", read)


def within(lowest: float, below: float) -> Kind:
    """Real numbers in the half-open interval [lowest, below)."""

    def read(value: Any) -> float:
        number = float(value)
        if isinstance(value, bool) or not lowest <= number < below:
            raise ValueError(value)
        return number

    return Kind(f"a number of at least {lowest:g} and below {below:g}", read)


def choice(*allowed: str) -> Kind:
    """One word of a few."""

    def read(value: Any) -> str:
        if value not in allowed:
            raise ValueError(value)
        return str(value)

    return Kind(" or ".join(filter(None, (", ".join(allowed[:-1]), allowed[-1]))), read, allowed)


def _read_path(value: Any) -> Path:
    if value == "" or "\0" in str(value):
        raise ValueError(value)
    return Path(value.removeprefix("file://") if isinstance(value, str) else value)


def _read_paths(values: Any) -> tuple[Path, ...]:
    if isinstance(values, (str, Path)):
        raise TypeError(values)
    return tuple(_read_path(value) for value in values)


def _read_text(value: Any) -> str:
    if not isinstance(value, (str, Path)) or not str(value):
        raise TypeError(value)
    return str(value)


def _read_switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _read_boolean(value: Any) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    return value if isinstance(value, bool) else words[str(value).lower()]


def _read_port(value: Any) -> int | str:
    return AUTO if value == AUTO else int(whole(0, 65535).read(value))


_AUTHORITY = re.compile(
    r"(?:http://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)(?::([0-9]{1,5}))?/?"
)


def _read_authority(value: Any) -> str:
    found = _AUTHORITY.fullmatch(value)
    if found is None or not 0 < int(found[2] or 80) < 2**16:
        raise ValueError(value)
    return f"{found[1]}:{int(found[2] or 80)}"


def word_or_path(*words: str) -> Kind:
    """One word of a few, or a path; a path that is like one of the words begins with `./`."""

    def read(value: Any) -> str:
        _read_path(value)
        return _read_text(value)

    return Kind(f"{', '.join(words)} or a path", read, words, path=True)


# Of the Content Security Policy's host sources, those that can stand around a page.
_ORIGIN = re.compile(
    r"\*|'self'|https?:|(?:https?://)?(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::(?:[0-9]{1,5}|\*))?"
)


def _read_ancestors(value: Any) -> str:
    words = [f"'{word}'" if word in ("none", "self") else word for word in _read_text(value).split()]
    if words != ["'none'"] and not (words and all(map(_ORIGIN.fullmatch, words))):
        raise ValueError(value)
    return " ".join(words)


def _read_channel_arguments(value: Any) -> str:
    if not all(re.fullmatch(r"[\w.]+=[^,=]+", pair) for pair in _read_text(value).split(",")):
        raise ValueError(value)
    return str(value)


CHANNEL_ARGUMENTS = Kind("name=value, more of them after commas", _read_channel_arguments)


def _read_box(value: Any) -> tuple[int, int, int, int]:
    x, y, width, height = value.split(",") if isinstance(value, str) else value
    place, size = whole(0, 2**31 - 1).read, whole(1, 2**31 - 1).read
    return place(x), place(y), size(width), size(height)


def _read_place(value: Any) -> str:
    if "\0" in str(value):
        raise ValueError(value)
    return _read_text(value).removeprefix("file://") or _read_text("")


def _read_places(values: Any) -> tuple[str, ...]:
    if isinstance(values, (str, Path)):
        raise TypeError(values)
    return tuple(_read_place(value) for value in values)


PATH = Kind("a path", _read_path, path=True)
PLACE = Kind("a path, or an address such as s3://bucket/folder", _read_place, path=True)
PLACES = Kind("one or more paths or addresses such as s3://bucket/folder", _read_places, path=True)
BOX = Kind("X,Y,W,H: four whole numbers, W and H at least 1", _read_box)
PATHS = Kind("one or more paths", _read_paths, path=True)
TEXT = Kind("a text that is not empty", _read_text)
SWITCH = Kind("true or false", _read_switch)
AUTHORITY = Kind("host:port, with or without http:// before it (no https://, no path)", _read_authority)
ANCESTORS = Kind("none, or self and origins such as https://hub.example, without a path", _read_ancestors)
BOOLEAN = Kind("true or false", _read_boolean)
"""As TensorFlow's flags have it: `--flag`, `--flag=true`, `--flag=0`."""

AUTO = "auto"
PORT = Kind("a port, 0 for none or auto for any that is free", _read_port)


def option(
    kind: Kind,
    default: Any,
    help: str,
    *,
    env: str = "",
    metavar: str = "",
    bare: Any = None,
    positional: bool = False,
    place: bool = False,
) -> Any:
    """A dataclass field that is also a flag.

    Args:
        kind: the values allowed.
        default: the value where none is given. None means "decided later" and is not checked against `kind`.
        help: one line for `--help`.
        env: environment variable that is read where the flag is absent.
        metavar: the word for the value in `--help`.
        bare: value of the flag when it stands without one.
        positional: take the values without a flag.
        place: it says where results go or who is told, and has no part in what they are: `--config` leaves it out.
    """
    metadata = {"kind": kind, "help": help, "env": env, "metavar": metavar, "bare": bare, "positional": positional}
    return field(default=default, metadata={**metadata, "place": place})


def check(name: str, kind: Kind, value: Any) -> Any:
    """`value` as `kind` reads it; UsageError that calls it `name` when it cannot be read."""
    try:
        return kind.read(value)
    except (ValueError, TypeError, KeyError, OverflowError):
        raise UsageError(f"Invalid value for {name}: expected {kind.expects}. Received: {value!r}") from None


@dataclass(frozen=True)
class Options:
    """Base of the option tables: reads text where a value is due, checks every value, and decides between sources.

    The last word on a field has, in this order: the argument (on the command line the flag), the field's environment
    variable, the file that the field `config` names, what other fields imply (a recipe), the default. An option is
    decided when it is made, so that a copy or `dataclasses.replace` changes nothing else.

    Raises:
        UsageError: a value is not of its field's kind; names the field, the variable or the file.
        OSError: the file cannot be read.
    """

    WORDS_JOINED_BY: ClassVar[str] = "-"
    GROUPS: ClassVar[Mapping[str, str]] = {}
    """Headings in `--help`, by the field that comes first below each."""

    def __new__(cls, *values: Any, **named: Any) -> Self:
        """Note which fields are given: the others may still be decided by the environment, a file or a recipe."""
        options = super().__new__(cls)
        options.__dict__["_given"] = {*(item.name for item in dataclasses.fields(cls)[: len(values)]), *named}
        return options

    def __post_init__(self) -> None:
        fields = {item.name: item for item in dataclasses.fields(self)}
        asked = {name: _read(f"`{name}`", fields[name], getattr(self, name)) for name in self.__dict__["_given"]}
        for name, item in fields.items():
            variable = item.metadata["env"]
            if name not in asked and os.environ.get(variable):
                asked[name] = _read(variable, item, os.environ[variable])
        file = asked.get("config")
        stored = {} if file is None else _stored(file, fields)
        defaults = {name: _read(f"`{name}`", item, item.default) for name, item in fields.items()}
        self.__dict__.update({**defaults, **self.implied(asked, stored), **stored, **asked}, _asked=frozenset(asked))

    @classmethod
    def flag(cls, name: str) -> str:
        """The flag that gives the field of this name."""
        return f"--{name.replace('_', cls.WORDS_JOINED_BY)}"

    @classmethod
    def implied(cls, asked: Mapping[str, Any], stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the fields that are `asked` for, or else `stored` in the file, imply for other fields."""
        return {}

    @property
    def asked(self) -> frozenset[str]:
        """The names of the fields that an argument or the environment gave."""
        return frozenset(self.__dict__["_asked"])

    def flags(self) -> list[str]:
        """The words of a command line that repeats what these options do, on any machine.

        Left out is what has no value and what only says where results go or who is told. A path of this machine is
        called as `--help` calls it, `PATH` or `DIR`.
        """
        words = []
        for item in dataclasses.fields(self):
            about, value = item.metadata, getattr(self, item.name)
            is_switch = about["kind"] is SWITCH
            if about["place"] or value in (None, ()) or (is_switch and not value):
                continue
            words += [] if about["positional"] else [self.flag(item.name)]
            words += [] if is_switch else [_as_word(about, value)]
        return words

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON can hold them: paths become strings."""

        def plain(value: Any) -> Any:
            if isinstance(value, tuple):
                return [plain(each) for each in value]
            return str(value) if isinstance(value, Path) else value

        return {item.name: plain(getattr(self, item.name)) for item in dataclasses.fields(self)}


def _read(name: str, item: dataclasses.Field[Any], value: Any) -> Any:
    """`check`, but for None where it means "decided later"."""
    return value if value is None and item.default is None else check(name, item.metadata["kind"], value)


def _as_word(about: Mapping[str, Any], value: Any) -> str:
    kind: Kind = about["kind"]
    if kind.path and value not in kind.words:
        return str(about["metavar"].split("|")[-1])
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _stored(path: Path, fields: Mapping[str, dataclasses.Field[Any]]) -> dict[str, Any]:
    """The settings that a run's `config.json` holds, less those that only say where its results went."""
    if path.is_dir():
        path = path / "config.json"
    try:
        stored = json.loads(read(path, _MAX_CONFIG))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--config {str(path)!r} is not JSON: {error}. Expected the config.json of a run") from error
    unknown = sorted(set(stored) - set(fields)) if isinstance(stored, dict) else ["no object"]
    if unknown:
        raise UsageError(f"--config {str(path)!r} holds {unknown[0][:40]!r}. Expected the config.json of a run")
    return {
        name: check(f"{name!r} in {path}", fields[name].metadata["kind"], value)
        for name, value in stored.items()
        if value is not None and not fields[name].metadata["place"]
    }
