"""`roadsigns data`: fetch and verify the data set, or draw one."""

from __future__ import annotations

import json
import sys

import numpy as np

from ..config import DataCommandOptions
from ..console import note, quietly
from ..verbs import DATA
from .dataset import Dataset
from .sources import NAMES, load
from .split import SPLITS


@DATA.command
def main(options: DataCommandOptions) -> None:
    """Fetch or draw the data set where it is not there yet, read and verify all of it, and say what it is."""
    with quietly(options.quiet):
        dataset = load(options.data, options.data_dir, count=options.count, seed=options.seed, designs=options.designs)
        tables = [_table(part) for part in dataset.parts]  # reads it
        for part in dataset.parts:
            if part.source in NAMES:
                note(f"{part.source} {part.how} {part.path}")
    if options.json:
        print(json.dumps(dataset.manifest, indent=2))
    elif not options.quiet:
        print("\n".join(tables))


def _table(dataset: Dataset) -> str:
    """One line a split: pictures, classes, SHA-256 of the file they are in, and that file."""
    lines = [f"{'split':<6} {'pictures':>8} {'classes':>7}  {'sha256':<12}  file"]
    splits = dataset.splits()
    for split, pictures in zip(SPLITS, splits, strict=True):
        path, digest = dataset.file(split)
        classes = len(np.unique(pictures.labels))
        lines.append(f"{split:<6} {len(pictures):>8,} {classes:>7}  {digest[:12]}  {path}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
