"""Writes the page of all verbs and flags from the tables that `--help` is made of: `python docs/commands.py`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from roadsigns.options import Options
from roadsigns.verbs import VERBS, Verb

PAGE = Path(__file__).parent / "commands.md"

HEAD = """# Commands and flags

Made by `python docs/commands.py` from the tables behind `--help`. Flags take `--flag value` and `--flag=value`. The
last word on a value has the flag, then the variable of the environment, then the file that `--config` names, then the
recipe, then the default. In Python it is the same, with an argument for the flag.

Exit status: 0 done, 2 the request cannot be met (a line on stderr says why), 130 interrupted.
"""


def page() -> str:
    """The page's text."""
    return "\n".join([HEAD, *(_verb(verb) for verb in VERBS.values())])


def _verb(verb: Verb[Any]) -> str:
    module = verb.module.removesuffix(".__main__")
    rows = "".join(_row(verb.options, item) for item in dataclasses.fields(verb.options))
    examples = "\n".join(verb.examples)
    return (
        f"## roadsigns {verb.name}\n\n`python -m {module}`: {verb.about}\n\n"
        f"| flag | environment | default | what it is |\n| --- | --- | --- | --- |\n{rows}\n"
        f"```sh\n{examples}\n```\n"
    )


def _row(options: type[Options], item: dataclasses.Field[Any]) -> str:
    about = item.metadata
    name = about["metavar"] if about["positional"] else options.flag(item.name)
    variable = f"`{about['env']}`" if about["env"] else ""
    text = about["help"].replace("|", r"\|").replace("*", r"\*")
    return f"| `{name}` | {variable} | {_default(item.default)} | {text} |\n"


def _default(value: Any) -> str:
    if value is None or value is False or value == () or value == "":
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{str(value).lower() if value is True else value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
