"""The kinds of values that options have: how each kind is read, and which values it allows.

Values of all sources (flag, Python, environment, file) are checked, before anything slow is imported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import UsageError


@dataclass(frozen=True)
class Kind:
    """A kind of value: how a value is read, and what an error says of a wrong one.

    Attributes:
        expects: the values allowed, in words that an error puts after "expected".
        read: takes a value or its text, gives the value; raises ValueError or TypeError where it is not allowed.
        words: all allowed values, where these are a few words.
        path: whether a value that is not one of the words is a path.
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
"""The smallest normal 32-bit float. Processors may treat a smaller one as 0."""


def share(above: float, upto: float) -> Kind:
    """Real numbers in the half-open interval (above, upto] that are not 0 as 32-bit floats."""

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
    """One of a few words."""

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


def _read_devices(value: Any) -> int | str:
    return value if value == "all" else int(whole(1, 2**16).read(value))


_AUTHORITY = re.compile(
    r"(?:http://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)(?::([0-9]{1,5}))?/?"
)


def _read_authority(value: Any) -> str:
    found = _AUTHORITY.fullmatch(value)
    if found is None or not 0 < int(found[2] or 80) < 2**16:
        raise ValueError(value)
    return f"{found[1]}:{int(found[2] or 80)}"


def word_or_path(*words: str) -> Kind:
    """One of a few words, or a path. A path of the same name as a word begins with `./`."""

    def read(value: Any) -> str:
        _read_path(value)
        return _read_text(value)

    return Kind(f"{', '.join(words)} or a path", read, words, path=True)


# Sites whose frames may show a page: the host sources of the Content Security Policy, without a path.
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

DEVICES = Kind("all or a whole number of at least 1", _read_devices)

AUTO = "auto"
PORT = Kind("a port, 0 for none or auto for any that is free", _read_port)


def check(name: str, kind: Kind, value: Any) -> Any:
    """`value` as `kind` reads it; UsageError that calls it `name` when it cannot be read."""
    try:
        return kind.read(value)
    except (ValueError, TypeError, KeyError, OverflowError):
        raise UsageError(f"Invalid value for {name}: expected {kind.expects}. Received: {value!r}") from None
