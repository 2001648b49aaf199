"""`roadsigns serve`, `python -m roadsigns.serving`: the embedded model server.

Importing this loads no TensorFlow, so that mistakes on the command line are told at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..cli import command, parse
from ..config import ServeOptions


@command("serve")
def main(argv: Sequence[str] | None = None) -> None:
    """Serve exported models until SIGTERM or Ctrl-C."""
    options = parse(
        ServeOptions,
        argv,
        verb="serve",
        about="Serve exported models by TensorFlow Serving's REST and gRPC APIs, until SIGTERM or Ctrl-C.",
        examples=(
            "roadsigns serve --rest_api_port auto --port auto",
            "roadsigns serve --model_base_path=models/roadsigns --rest_api_port=auto --port=0",
        ),
    )
    from .server import check, serve

    if not serve(check(options)):
        print("roadsigns serve: the grace is over, and not every request was answered", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # at once: TensorFlow takes seconds to clear up, and a model that hangs would never let us go


if __name__ == "__main__":
    sys.exit(main())
