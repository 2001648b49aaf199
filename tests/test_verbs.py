"""The table of verbs: what each says of itself, and what becomes of its `main(options)`."""

from __future__ import annotations

import importlib

import pytest

from roadsigns.config import CompletionOptions
from roadsigns.verbs import VERBS, Verb

HUM = Verb("hum", "nowhere", CompletionOptions, "hum a tune", "Hum a tune.", ("roadsigns hum --shell zsh",))


@pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
def test_a_verb_tells_what_it_does(verb: Verb[CompletionOptions]) -> None:
    assert verb.summary and not verb.summary.endswith(".") and verb.about.endswith(".")
    assert len(verb.examples) >= 2 and all(f"roadsigns {verb.name}" in example for example in verb.examples)
    assert callable(importlib.import_module(verb.module).main)


def test_main_is_given_the_options_and_returns_a_status(capsys: pytest.CaptureFixture[str]) -> None:
    given = []

    @HUM.command
    def main(options: CompletionOptions) -> None:
        """Hum."""
        given.append(options.shell)

    assert main(["--shell", "tcsh"]) == 0 and given == ["tcsh"] and main.__doc__ == "Hum."
    assert main(["--shell", "fish"]) == 2 and given == ["tcsh"]
    assert capsys.readouterr().err.startswith("roadsigns hum: Invalid value for --shell: expected bash, zsh or tcsh")


def test_help_has_what_the_table_says(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        HUM.parse(["--help"])
    out = capsys.readouterr().out
    assert "usage: roadsigns hum" in out and "Hum a tune." in out and "  roadsigns hum --shell zsh\n" in out
