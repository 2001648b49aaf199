"""Completion of verbs, flags and file names in a shell, as a script made by shtab from the option tables."""

from __future__ import annotations

import argparse
import dataclasses
import sys

import shtab

from .cli import add_options
from .config import CompletionOptions
from .options import Options
from .verbs import COMPLETION, VERBS


@COMPLETION.command
def main(options: CompletionOptions) -> None:
    """Print the script for a shell."""
    print(script(options.shell))


def script(shell: str) -> str:
    """The completion script for `bash`, `zsh` or `tcsh`."""
    parser = argparse.ArgumentParser("roadsigns")
    verbs = parser.add_subparsers()
    for verb in VERBS.values():
        one = verbs.add_parser(verb.name, help=verb.summary)
        add_options(one, verb.options)
        _complete_values(one, verb.options)
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
