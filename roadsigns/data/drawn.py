"""The data set of drawn signs: three pickles of the published form, drawn once and kept."""

from __future__ import annotations

import contextlib
import pickle
from pathlib import Path

import numpy as np

from .. import files
from ..console import progress
from ..errors import DataError
from . import manifest
from .manifest import Drawing, FileRecord, Manifest
from .pickles import MEMBERS, member
from .split import SPLITS, Split

SOURCE = "synthetic"
# The parts of a seed that are drawn for single epochs come after this one.
_EPOCHS = 1000
COUNT = 86_000
"""Training pictures where no other number is asked for: 2,000 a class."""


def fetch(
    folder: Path, *, count: int | None = None, seed: int | None = None, processes: int | None = None
) -> tuple[Manifest, str]:
    """Make sure that `folder` holds drawn signs.

    Args:
        folder: created where it is missing.
        count: pictures to train on, spread evenly over the classes; validation and test have a tenth as many each. By
            default those that are there, else 86,000.
        seed: of all randomness. By default that of the pictures that are there, else 0.
        processes: how many draw; by default one for each core. The pictures do not depend on it.

    Returns:
        The folder's manifest, and how its files came there.

    Raises:
        DataError: the folder holds something else, or other drawn signs.
        OSError: the folder cannot be written.
    """
    found = manifest.read(folder, SOURCE, MEMBERS)
    if found:
        _check_drawing(found.drawn, count, seed, folder)
        return found, manifest.FOUND
    drawing = Drawing(COUNT if count is None else count, 0 if seed is None else seed)
    made = Manifest(SOURCE, None, _draw(folder, drawing, processes), drawing)
    made.write(folder)
    return made, manifest.DRAWN


def again(drawing: Drawing, epoch: int) -> Split:
    """Training pictures for one epoch: as many and by the same camera as the stored ones, but others.

    Args:
        drawing: how the stored ones were drawn.
        epoch: its number; the same one gives the same pictures.

    Raises:
        DataError: a process that draws has ended before its work.
    """
    from . import synthetic

    with progress(f"drawing signs for epoch {epoch}") as tell:
        pictures = synthetic.draw(
            drawing.count, drawing.seed, part=_EPOCHS + epoch, processes=synthetic.cores(), tell=tell
        )
    return Split(*pictures)


def _check_drawing(drawing: Drawing | None, count: int | None, seed: int | None, folder: Path) -> None:
    if drawing is None:
        raise DataError(f"{folder} does not say how its signs were drawn. Choose another folder with --data-dir")
    for name, asked, there in (("count", count, drawing.count), ("seed", seed, drawing.seed)):
        if asked not in (None, there):
            raise DataError(
                f"{folder} holds signs drawn with --{name} {there}, not {asked}. Leave out --{name}, or choose another "
                "folder with --data-dir"
            )


def _draw(folder: Path, drawing: Drawing, processes: int | None) -> dict[str, FileRecord]:
    """Write the three pickles beside their places, and rename all or none of them."""
    from . import synthetic

    records: dict[str, FileRecord] = {}
    with contextlib.ExitStack() as renames:
        for part, split in enumerate(SPLITS):
            name = member(split)
            fresh = renames.enter_context(files.beside(folder / name))
            count = drawing.count if split == "train" else -(-drawing.count // 10)
            with progress(f"drawing {name}") as tell:
                images, labels = synthetic.draw(
                    count, drawing.seed, part=part, processes=processes or synthetic.cores(), tell=tell
                )
            with fresh.open("wb") as file:
                pickle.dump({"features": images, "labels": labels.astype(np.uint8)}, file, protocol=4)
            records[name] = manifest.record(fresh, count)
        manifest.begin(folder, records)
    return records
