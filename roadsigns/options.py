"""Options: fields of a frozen dataclass that are flags too, each with its kind of value, default and help.

A value is checked wherever it comes from (flag, environment, Python), before anything heavy is imported.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from .errors import UsageError


@dataclass(frozen=True)
class Kind:
    """A kind of value: how it is read, from text or as it is, and what to say when it cannot be.

    Attributes:
        expects: the values allowed, in words that follow "expected".
        read: value or its text to value; raises ValueError or TypeError for what is not allowed.
        words: all values, where they are a few words.
    """

    expects: str
    read: Callable[[Any], Any]
    words: tuple[str, ...] = ()


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
    return Path(value)


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


PATH = Kind("a path", _read_path)
PATHS = Kind("one or more paths", _read_paths)
TEXT = Kind("a text that is not empty", _read_text)
SWITCH = Kind("true or false", _read_switch)
AUTHORITY = Kind("host:port, with or without http:// before it (no https://, no path)", _read_authority)
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


Presets = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By field, by its value: values of other fields."""


@dataclass(frozen=True)
class Options:
    """Base of the option tables: checks every field and reads text where a value is due.

    Raises:
        UsageError: a field's value is not of its kind.
    """

    WORDS_JOINED_BY: ClassVar[str] = "-"
    PRESETS: ClassVar[Presets] = {}
    """Flags whose value, on the command line, sets other fields where no flag sets them."""

    @classmethod
    def flag(cls, name: str) -> str:
        """The flag that gives the field of this name."""
        return f"--{name.replace('_', cls.WORDS_JOINED_BY)}"

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value is not None or item.default is not None:
                object.__setattr__(self, item.name, check(f"`{item.name}`", item.metadata["kind"], value))

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON can hold them: paths become strings."""

        def plain(value: Any) -> Any:
            if isinstance(value, tuple):
                return [plain(each) for each in value]
            return str(value) if isinstance(value, Path) else value

        return {item.name: plain(getattr(self, item.name)) for item in dataclasses.fields(self)}
