"""The `roadsigns` command: one verb per room that can be run."""

from __future__ import annotations

import importlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from .cli import command
from .errors import UsageError
from .verbs import VERBS
from .version import __version__

HELP = "\n".join(
    [
        "usage: roadsigns VERB [flags]",
        "",
        "German road signs, from pictures to a trained, evaluated and served classifier.",
        "",
        *(f"  {verb.name:<12}{verb.summary}" for verb in VERBS.values()),
        "",
        "`roadsigns VERB --help` lists the flags of a verb and has examples.",
        "`python -m roadsigns.VERB` is the same command; for serve it is",
        "`python -m roadsigns.serving`. `roadsigns --version` prints the version.",
        "",
        "exit status: 0 done, 2 the request cannot be met (a line on stderr says why",
        "and what to do), 130 interrupted.",
    ]
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb that `argv` (default: the command line) begins with; returns its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in VERBS:
        return int(importlib.import_module(VERBS[words[0]].module).main(words[1:]))
    return _without_verb(words)


@command("")
def _without_verb(words: Sequence[str] | None) -> None:
    import difflib

    word = words[0] if words else "--help"
    if word in ("-h", "--help"):
        print(HELP)
        return
    if word == "--version":
        print(f"roadsigns {__version__}")
        return
    near = difflib.get_close_matches(word, VERBS, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    if word.startswith("-"):
        hint = f"A verb comes first, as in: roadsigns train {shlex.join(words or ())}. "
    elif Path(word).exists():
        hint = f"For pictures: roadsigns predict {shlex.join(words or ())}. "
    raise UsageError(f"Unknown verb {word!r}. {hint}Verbs: {', '.join(VERBS)}")


if __name__ == "__main__":
    sys.exit(main())
