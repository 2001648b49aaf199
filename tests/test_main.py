from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import roadsigns
from roadsigns import config
from roadsigns.__main__ import HELP as HELP_TEXT
from roadsigns.__main__ import main
from roadsigns.verbs import VERBS

HEAVY = {"keras", "tensorflow", "jax", "numpy", "requests", "PIL", "matplotlib", "rich"}
ENVIRON = {**os.environ, "PYTHONPATH": str(Path(roadsigns.__file__).parent.parent)}

HELP = """
import runpy, sys
sys.argv[1:] = ["--help"]
try:
    runpy.run_module("roadsigns", run_name="__main__", alter_sys=True)
except SystemExit as leaving:
    assert not leaving.code
"""


@pytest.mark.parametrize("program", ["import roadsigns", "import roadsigns.__main__", HELP])
def test_nothing_heavy_is_loaded(program: str) -> None:
    program += "\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], env=ENVIRON, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "roadsigns" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    ("words", "status", "out", "err"),
    [
        (["--help"], 0, "usage: roadsigns VERB [flags]", ""),
        ([], 0, "usage: roadsigns VERB [flags]", ""),
        (["--version"], 0, f"roadsigns {roadsigns.__version__}\n", ""),
        (["trian"], 2, "", "roadsigns: Unknown verb 'trian'. Did you mean 'train'? Verbs: train, "),
        (
            ["--epochs", "3"],
            2,
            "",
            "roadsigns: Unknown verb '--epochs'. A verb comes first, as in: roadsigns train --epochs 3",
        ),
        (["/"], 2, "", "roadsigns: Unknown verb '/'. For pictures: roadsigns predict /. Verbs: train, "),
    ],
    ids=lambda words: " ".join(words) or "nothing" if isinstance(words, list) else "",
)
def test_the_command_answers(words: list[str], status: int, out: str, err: str) -> None:
    done = subprocess.run([sys.executable, "-m", "roadsigns", *words], env=ENVIRON, capture_output=True, text=True)
    assert done.returncode == status
    assert done.stdout.startswith(out) and bool(done.stdout) == bool(out)
    assert done.stderr.startswith(err) and done.stderr.count("\n") == bool(err)


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-h"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for verb in VERBS.values():
        assert any(line.split(maxsplit=1) == [verb.name, verb.summary] for line in lines), verb.name


def test_help_fits_a_terminal_and_says_what_the_exit_status_means() -> None:
    text = HELP_TEXT
    assert max(map(len, text.splitlines())) <= 80
    assert [word for word in ("0", "2", "130") if f" {word} " in text.partition("exit status:")[2]] == ["0", "2", "130"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_module_and_options_among_the_others(verb: str) -> None:
    """`python -m` of a module that does not call its `main` would do nothing, and say nothing of that."""
    spec = importlib.util.find_spec(VERBS[verb].module)
    assert spec and spec.origin
    assert 'if __name__ == "__main__":\n    sys.exit(main())\n' in Path(spec.origin).read_text(encoding="utf-8")
    assert VERBS[verb].options in vars(config).values(), "documents and their tests find the options there"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main([verb, "--help"])
    assert leaving.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: roadsigns {verb} ")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_names_itself_in_its_errors(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--no-such-flag"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"roadsigns {verb}: ") and err.count("\n") == 1


def test_main_reads_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["roadsigns", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"roadsigns {roadsigns.__version__}\n"
