"""What all commands share: options from flags and environment, and errors as one line.

Exit status: 0 done, 2 a request that cannot be met (one line on stderr says why), 130 interrupted.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import dataclasses
import difflib
import errno
import functools
import io
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar

from .errors import RoadsignsError, UsageError
from .kinds import SWITCH, check
from .options import Options

AnyOptions = TypeVar("AnyOptions", bound=Options)

_ANY_TEXT = "roadsigns.any-text"
_NO_UNICODE = "surrogates not allowed"


_EXAMPLES = "examples:\n"
_WAYS_OUT = {
    errno.EACCES: "Change its rights, or name another place",
    errno.EISDIR: "Expected a file",
    errno.ELOOP: "Its links lead in a circle: remove them, or name another place",
    errno.EMFILE: "Let more files be open: ulimit -n 4096",
    errno.ENAMETOOLONG: "Expected a shorter name",
    errno.ENOSPC: "Make room, or name another folder",
    errno.EROFS: "Name a folder that can be written",
}
"""What helps, by what the system says."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if found := re.fullmatch(r"argument (--\S+): expected one argument", message):
            message = f"{found[1]} needs a value. If the value begins with a dash: {found[1]}=-VALUE"
        elif found := re.fullmatch(r"argument (--\S+): ignored explicit argument (.*)", message, re.DOTALL):
            message = f"{found[1]} takes no value. Received: {found[2]}"
        raise UsageError(f"{message}. See {self.prog} --help")

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Refuse arguments, with the flag that is meant where the first of them tells."""
        hint = f" Did you mean {meant}?" if (meant := self._meant(unknown)) else ""
        raise UsageError(f"unrecognized arguments: {' '.join(unknown)}.{hint} See {self.prog} --help")

    def _meant(self, unknown: Sequence[str]) -> str:
        """The flag that the first unknown flag resembles most; for a word without a flag the flag that takes such."""
        if wrong := next((word.partition("=")[0] for word in unknown if word.startswith("--")), ""):
            known = [flag.removeprefix("--") for flag in self._option_string_actions if flag.startswith("--")]
            return "".join(f"--{near}" for near in difflib.get_close_matches(wrong.removeprefix("--"), known, n=1))
        if not _is_path(unknown[0]):
            return ""
        flags = ("--model", "--data") if unknown[0].endswith(".keras") else ("--data", "--model", "--model_base_path")
        flag = next((flag for flag in flags if flag in self._option_string_actions), "")
        return f"{flag}={unknown[0]}" if flag else ""


class _Formatter(argparse.HelpFormatter):
    """Breaks all lines at the width of the terminal, but for the examples, which can be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith(_EXAMPLES) else super()._fill_text(text, width, indent)


def parse(
    options: type[AnyOptions],
    argv: Sequence[str] | None,
    *,
    verb: str,
    about: str,
    examples: Sequence[str],
) -> AnyOptions:
    """Read `options` from the command line; `Options` says what decides where no flag does.

    Raises:
        UsageError: an unknown flag, or a value that is not of its option's kind; names the flag or variable.
        SystemExit: after `--help`, with status 0.
    """
    parser = _Parser(
        prog=f"roadsigns {verb}",
        description=about,
        epilog=_EXAMPLES + "\n".join(f"  {example}" for example in examples),
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    add_options(parser, options)
    fields = dataclasses.fields(options)
    known, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.refuse(unknown)
    values: dict[str, Any] = {}
    for item in fields:
        if item.metadata["positional"] and not getattr(known, item.name):
            raise UsageError(
                f"{item.metadata['metavar']} is missing: expected {item.metadata['help']}. {_such_as(examples)}"
            )
        if item.name in known:
            about_item = item.metadata
            name = about_item["metavar"] if about_item["positional"] else options.flag(item.name)
            values[item.name] = check(name, about_item["kind"], getattr(known, item.name))
    return options(**values)


def _such_as(examples: Sequence[str]) -> str:
    return f"For example: {examples[0]}" if examples else "See --help"


def add_options(parser: argparse.ArgumentParser, options: type[Options]) -> None:
    """Give `parser` an argument for each field of `options`."""
    group: argparse._ActionsContainer = parser
    for item in dataclasses.fields(options):
        if heading := options.GROUPS.get(item.name):
            group = parser.add_argument_group(heading)
        _add(group, options.flag(item.name), item)


def _add(parser: argparse._ActionsContainer, flag: str, item: dataclasses.Field[Any]) -> None:
    about = item.metadata
    text = about["help"].replace("%", "%%")
    if item.default is not None and item.default is not False and item.default != ():
        text += f"; default {item.default:g}" if isinstance(item.default, float) else f"; default {item.default}"
    if about["env"]:
        text += f" (environment: {about['env']})"
    if about["positional"]:
        parser.add_argument(item.name, nargs="*", metavar=about["metavar"], help=text)
    elif about["kind"] is SWITCH:
        parser.add_argument(flag, action="store_true", default=argparse.SUPPRESS, help=text)
    else:
        optional = {} if about["bare"] is None else {"nargs": "?", "const": about["bare"]}
        parser.add_argument(flag, default=argparse.SUPPRESS, metavar=about["metavar"] or None, help=text, **optional)


def command(verb: str) -> Callable[[Callable[[Sequence[str] | None], None]], Callable[..., int]]:
    """Make `main(argv)` a command: our errors and the system's become one line on stderr and status 2."""

    def decorate(main: Callable[[Sequence[str] | None], None]) -> Callable[..., int]:
        @functools.wraps(main)
        def run(argv: Sequence[str] | None = None) -> int:
            _open_streams()
            try:
                with _no_warning_ends_it(), reader_may_leave(sys.stdout):
                    main(argv)
                    sys.stdout.flush()
            except RoadsignsError as error:
                return _fail(verb, str(error))
            except OSError as error:
                return _fail(verb, _of_the_system(error))
            except MemoryError as error:
                reason = f" ({error})" if str(error) else ""
                return _fail(verb, f"There is not enough memory{reason}. End other programs, or give it less at a time")
            except UnicodeEncodeError as error:
                if error.reason != _NO_UNICODE:
                    raise
                return _fail(verb, f"Cannot use {error.object!r}: it is no UTF-8 text. Rename it, or set PYTHONUTF8=1")
            except KeyboardInterrupt:
                return 130
            return 0

        return run

    return decorate


@contextlib.contextmanager
def _no_warning_ends_it() -> Iterator[None]:
    """Within, a library's warning is no error, though `-W error` or PYTHONWARNINGS asks for that."""
    if not sys.warnoptions:
        yield
        return
    with warnings.catch_warnings():
        warnings.filters[:] = [each for each in warnings.filters if each[0] != "error"]  # type: ignore[index]
        yield


def _of_the_system(error: OSError) -> str:
    """What the system refuses, with what helps."""
    if "No usable temporary directory" in str(error.strerror):
        tried = str(error.strerror).partition(" in ")[2]
        return f"There is no folder for temporary files: {tried} have no room, or may not be written. Set TMPDIR to one"
    where = f" {str(error.filename)!r}" if error.filename is not None else ""
    way_out = _WAYS_OUT.get(error.errno or 0, "")
    if error.errno == errno.ENOENT and error.filename is not None:
        missed = Path(os.fsdecode(error.filename))
        with contextlib.suppress(OSError):
            near = difflib.get_close_matches(missed.name, sorted(os.listdir(missed.parent)), n=1)
            way_out = f"Did you mean {str(missed.with_name(near[0]))!r}?" if near else ""
    return f"Cannot use{where}: {error.strerror or error}" + (f". {way_out}" if way_out else "")


def _is_path(word: str) -> bool:
    return not word.startswith("-") and (os.sep in word or "." in word or Path(word).exists())


@contextlib.contextmanager
def reader_may_leave(stream: TextIO) -> Iterator[None]:
    """Within, who reads `stream` may leave, as `head` does: that ends the block, and what is printed later is lost."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _open_streams() -> None:
    """Have stdin, stdout and stderr open, since else the next files opened become them and are written into.

    A name in other bytes than the locale's is printed as these bytes, and a letter that stdout's encoding lacks as its
    number, where Python would refuse either.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        codecs.register_error(_ANY_TEXT, _as_it_can_be)
        sys.stdout.reconfigure(errors=_ANY_TEXT)


def _as_it_can_be(error: UnicodeError) -> tuple[str | bytes, int]:
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)


def _fail(verb: str, message: str) -> int:
    print(f"{f'roadsigns {verb}'.strip()}: {' '.join(message.split())}", file=sys.stderr)
    return 2
