"""Options: fields of a frozen dataclass that are flags too, each with its kind of value, default and help.

The order in which sources decide a value is the same on the command line and in Python.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from .errors import UsageError
from .files import read
from .kinds import SWITCH, Kind, check

_MAX_CONFIG = 2**20


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
        default: the value where no source gives one. None means that the value is decided later, and is not
            checked.
        help: one line for `--help`.
        env: the environment variable that gives the value where the flag is absent.
        metavar: what `--help` writes in place of the value.
        bare: the value of a flag that is given without a value.
        positional: whether the values are given without a flag.
        place: whether the option only says where results go or who is told of them. Such an option does not change the
            results, and `--config` does not repeat it.
    """
    metadata = {"kind": kind, "help": help, "env": env, "metavar": metavar, "bare": bare, "positional": positional}
    return field(default=default, metadata={**metadata, "place": place})


def quiet_option() -> Any:
    """The option of commands that print their progress."""
    return option(SWITCH, False, "print nothing but errors, and the JSON where --json asks for it", place=True)


@dataclass(frozen=True)
class Options:
    """Base of the option tables: reads values from text, checks every value, and decides between sources.

    The first of these sources that gives a field decides it: the argument (on the command line the flag), the field's
    environment variable, the file that the field `config` names, what other fields imply (a recipe), the default. All
    fields are decided when the options are made, so a copy by `dataclasses.replace` changes no other field.

    Raises:
        UsageError: a value is not of its field's kind; names the field, the variable or the file.
        OSError: the file cannot be read.
    """

    WORDS_JOINED_BY: ClassVar[str] = "-"
    GROUPS: ClassVar[Mapping[str, str]] = {}
    """Headings in `--help`; each has as its key the first field below it."""

    def __new__(cls, *values: Any, **named: Any) -> Self:
        """Note which fields are given; the environment, a file or a recipe may decide the others."""
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
    def of(cls, options: Self | None, settings: Mapping[str, Any]) -> Self:
        """Options as a Python caller gives them: made before, or as fields by name.

        Raises:
            UsageError: both are given, a name is no field, or a value cannot be used.
            TypeError: `options` are those of another command.
        """
        if options is None:
            names = [item.name for item in dataclasses.fields(cls)]
            for name in settings.keys() - names:
                near = difflib.get_close_matches(name, names, n=1)
                raise UsageError(f"{name!r} is no setting. " + (f"Did you mean {near[0]}?" if near else "See --help"))
            return cls(**settings)
        if settings:
            raise UsageError(f"Give options or settings. Received both: options and {', '.join(settings)}")
        if not isinstance(options, cls):
            raise TypeError(f"`options` must be {cls.__name__}. Received: {type(options).__name__}")
        return options

    @classmethod
    def flag(cls, name: str) -> str:
        """The flag that gives the field of this name."""
        return f"--{name.replace('_', cls.WORDS_JOINED_BY)}"

    @classmethod
    def implied(cls, asked: Mapping[str, Any], stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """Values of further fields that follow from the fields `asked` for, or from those `stored` in the file."""
        return {}

    @property
    def asked(self) -> frozenset[str]:
        """The names of the fields that an argument or the environment gave."""
        return frozenset(self.__dict__["_asked"])

    def flags(self) -> list[str]:
        """The words of a command line that repeats the work of these options on any machine.

        Options without a value, and options that only say where results go or who is told, are left out. A path is
        replaced by its word in `--help`, `PATH` or `DIR`: another machine has other paths.
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
    """`check`, except that None passes where None is the default."""
    return value if value is None and item.default is None else check(name, item.metadata["kind"], value)


def _as_word(about: Mapping[str, Any], value: Any) -> str:
    kind: Kind = about["kind"]
    if kind.path and value not in kind.words:
        return str(about["metavar"].split("|")[-1])
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _stored(path: Path, fields: Mapping[str, dataclasses.Field[Any]]) -> dict[str, Any]:
    """The settings in a run's `config.json`, without those that only say where its results went."""
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
