"""The completion script, asked by a real Bash as its line editor asks."""

import subprocess

import pytest

from roadsigns import config
from roadsigns.completion import script

ASK = """
eval "$SCRIPT"
COMP_WORDS=(roadsigns "$@"); COMP_CWORD=$#
"$(complete -p roadsigns | sed 's/.*-F \\([^ ]*\\) .*/\\1/')" roadsigns
printf '%s\\n' "${COMPREPLY[@]}"
"""


def completed(tmp_path, *words):
    """What Bash offers for the last of `words`."""
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK, "bash", *words],
        env={"PATH": "/usr/bin:/bin", "SCRIPT": script("bash")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return {line.strip() for line in done.stdout.splitlines()}


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["tr"], {"train"}),
        (["e"], {"evaluate", "export"}),
        (["train", "--keep"], {"--keep-prob", "--keep-prob-conv"}),
        (["evaluate", "--split", ""], {"train", "valid", "test"}),
        (["serve", "--rest_api_p"], {"--rest_api_port"}),
    ],
    ids=lambda value: " ".join(sorted(value) if isinstance(value, set) else value),
)
def test_bash_completes(words, offered, tmp_path):
    assert completed(tmp_path, *words) == offered


def test_bash_completes_files(tmp_path):
    (tmp_path / "photo.jpg").touch()
    assert "photo.jpg" in completed(tmp_path, "predict", "ph")


@pytest.mark.parametrize("shell", config.CompletionOptions.__dataclass_fields__["shell"].metadata["kind"].words)
def test_every_shell_gets_a_script(shell):
    assert "roadsigns" in script(shell)


def test_zsh_shows_what_a_verb_does():
    assert "train:'the main job" in script("zsh")
