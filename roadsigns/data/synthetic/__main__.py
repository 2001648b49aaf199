"""`python -m roadsigns.data.synthetic FILE`: the page of all drawings as a PNG file."""

from __future__ import annotations

import sys
from pathlib import Path

from ...files import beside
from .page import page


def main(arguments: list[str]) -> int:
    """Write the page to the one file named; exit code 2 where there is not one name."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("Usage: python -m roadsigns.data.synthetic docs/designs.png", file=sys.stderr)
        return 2
    with beside(Path(arguments[0])) as fresh:
        page().save(fresh, format="PNG", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
