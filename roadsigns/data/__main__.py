"""`roadsigns data`: fetch and verify the data set."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import numpy as np

from .. import cli
from ..config import DataCommandOptions
from .archive import member
from .dataset import SOURCES, Dataset, load
from .split import SPLITS

EXAMPLES = (
    "roadsigns data",
    "roadsigns data --data official --data-dir /tmp/gtsrb-official",
    "roadsigns data --data traffic-signs-data.zip --json",
)


@cli.command("data")
def main(argv: Sequence[str] | None = None) -> None:
    """Fetch the data set where it is not there yet, read and verify all of it, and say what it is."""
    options = cli.parse(
        DataCommandOptions, argv, verb="data", about="Fetch and verify the data set.", examples=EXAMPLES
    )
    dataset = load(options.data, options.data_dir)
    splits = dataset.splits()
    if dataset.source in SOURCES:
        state = "is already there, in" if dataset.found else "was fetched to"
        print(f"{dataset.source} {state} {dataset.path}", file=sys.stderr)
    if options.json:
        print(json.dumps(dataset.manifest, indent=2))
        return
    print(_table(dataset, [(len(split), len(np.unique(split.labels))) for split in splits]))


def _table(dataset: Dataset, counts: Sequence[tuple[int, int]]) -> str:
    """One line a split: pictures, classes, SHA-256 of the file they are in, and that file."""
    lines = [f"{'split':<6} {'pictures':>8} {'classes':>7}  {'sha256':<12}  file"]
    files = dataset.manifest["files"]
    for split, (pictures, classes) in zip(SPLITS, counts, strict=True):
        folder = member(split) in files
        name = member(split) if folder else dataset.path.name
        path = dataset.path / name if folder else dataset.path
        lines.append(f"{split:<6} {pictures:>8,} {classes:>7}  {files[name]['sha256'][:12]}  {path}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
