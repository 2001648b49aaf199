"""Completion of verbs, flags and file names in a shell, as a script made by shtab from the option tables."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence

import shtab

from .cli import add_options, command, parse
from .config import VERBS, CompletionOptions
from .options import Options


@command("completion")
def main(argv: Sequence[str] | None = None) -> None:
    """Print the script for a shell."""
    options = parse(
        CompletionOptions,
        argv,
        verb="completion",
        about="Print a script that completes verbs, flags and files of the roadsigns command in a shell.",
        examples=(
            'eval "$(roadsigns completion)"  # in ~/.bashrc',
            "roadsigns completion --shell zsh > _roadsigns  # in a folder of $fpath",
        ),
    )
    print(script(options.shell))


def script(shell: str) -> str:
    """The completion script for `bash`, `zsh` or `tcsh`."""
    parser = argparse.ArgumentParser("roadsigns")
    verbs = parser.add_subparsers()
    for verb, options in VERBS.items():
        one = verbs.add_parser(verb, help=verb)
        add_options(one, options)
        _complete_values(one, options)
    return str(shtab.complete(parser, shell))


def _complete_values(parser: argparse.ArgumentParser, options: type[Options]) -> None:
    """Let paths complete to files, and options of a few words to these."""
    kinds = {item.name: item.metadata["kind"] for item in dataclasses.fields(options)}
    for action in parser._actions:  # argparse offers no other way to what was added
        kind = kinds.get(action.dest)
        if kind is not None and kind.path and not kind.words:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif kind is not None and kind.words:
            action.choices = kind.words


if __name__ == "__main__":
    sys.exit(main())
