"""Which shell completes."""

from __future__ import annotations

from dataclasses import dataclass

from ..kinds import choice
from ..options import Options, option


@dataclass(frozen=True)
class CompletionOptions(Options):
    """`roadsigns completion`."""

    shell: str = option(choice("bash", "zsh", "tcsh"), "bash", "the shell to complete in", metavar="bash|zsh|tcsh")
