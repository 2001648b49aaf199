"""`roadsigns serve`, `python -m roadsigns.serving`: the embedded model server.

Importing this loads no TensorFlow, so that mistakes on the command line are told at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import metadata

from ..cli import command
from ..verbs import SERVE
from ..version import __version__
from . import other_flags


@command(SERVE.name)
def main(argv: Sequence[str] | None = None) -> None:
    """Serve exported models until SIGTERM or Ctrl-C."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "--version" in arguments:
        print(f"roadsigns: {__version__}\nTensorFlow Library: {_version('tensorflow')}")
        return
    arguments, notes = other_flags.take_out(arguments)
    options = SERVE.parse(arguments)
    for note in notes:
        print(f"roadsigns serve: {note}", file=sys.stderr)
    from .server import check, serve

    if not serve(check(options)):
        print("roadsigns serve: the grace is over, and not every request was answered", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # at once: TensorFlow takes seconds to clear up, and a model that hangs would never let us go


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    sys.exit(main())
