"""The data set of drawn signs: three pickles of the published form, drawn once and kept."""

from __future__ import annotations

import contextlib
import functools
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import classes as class_list
from .. import files, signs
from ..classes import Classes
from ..console import progress
from ..errors import DataError
from . import manifest
from .manifest import Drawing, FileRecord, Manifest
from .pickles import MEMBERS, member
from .split import SPLITS, Split

if TYPE_CHECKING:
    from .synthetic.designs import Design

SOURCE = "synthetic"
# A part of the random stream is a number; the numbers above this one belong to single epochs.
_EPOCHS = 1000
COUNT = 86_000
"""The default number of training pictures: 2,000 a class."""
_EACH = 2000


@dataclass(frozen=True)
class OwnDesigns:
    """Designs of a person's own, and the classes that they show."""

    classes: Classes
    designs: tuple[Design, ...]

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of classes and designs, in hexadecimal."""
        from .synthetic import design_folder

        return design_folder.digest(self.classes, self.designs)

    @property
    def record(self) -> tuple[str, str]:
        """What a `Drawing` keeps of these designs: their digest, and the class list as CSV."""
        return self.digest, self.classes.as_csv()


def own_designs(folder: Path) -> OwnDesigns:
    """The designs in `folder`; raises as `design_folder.read` does."""
    from .synthetic import design_folder

    return OwnDesigns(*design_folder.read(folder))


def fetch(
    folder: Path,
    *,
    count: int | None = None,
    seed: int | None = None,
    own: OwnDesigns | None = None,
    processes: int | None = None,
) -> tuple[Manifest, str]:
    """Make sure that `folder` holds drawn signs.

    Args:
        folder: created where it is missing.
        count: pictures to train on, spread evenly over the classes; validation and test have a tenth as many each. By
            default those that are there, else 86,000, or 2,000 of each own class.
        seed: of all randomness. By default that of the pictures that are there, else 0.
        own: designs of a person's own, in place of the German ones.
        processes: how many draw; by default one for each core. The pictures do not depend on it.

    Returns:
        The folder's manifest, and how its files came there.

    Raises:
        DataError: the folder holds something else, or other drawn signs.
        OSError: the folder cannot be written.
    """
    found = manifest.read(folder, SOURCE, MEMBERS)
    if found:
        _check_drawing(found.drawn, count, seed, own, folder)
        return found, manifest.FOUND
    usual = COUNT if own is None else min(_EACH * len(own.classes), COUNT)
    drawing = Drawing(usual if count is None else count, 0 if seed is None else seed, *(own.record if own else ()))
    designs = own.designs if own else ()
    made = Manifest(SOURCE, None, _draw(folder, drawing, designs, processes), drawing)
    made.write(folder)
    return made, manifest.DRAWN


def again(drawing: Drawing, epoch: int, designs: Sequence[Design] = ()) -> Split:
    """Training pictures for one epoch: as many and by the same camera as the stored ones, but others.

    Args:
        drawing: how the stored ones were drawn.
        epoch: its number; the same one gives the same pictures.
        designs: what they were drawn from, where these are a person's own.

    Raises:
        DataError: a process that draws has ended before its work.
    """
    from . import synthetic

    with progress(f"drawing signs for epoch {epoch}") as tell:
        pictures = synthetic.draw(
            drawing.count,
            drawing.seed,
            part=_EPOCHS + epoch,
            designs=designs,
            processes=synthetic.cores(),
            tell=tell,
        )
    return Split(*pictures, len(class_list.read(drawing.classes)) if drawing.classes else signs.COUNT)


def _check_drawing(
    drawing: Drawing | None, count: int | None, seed: int | None, own: OwnDesigns | None, folder: Path
) -> None:
    if drawing is None:
        raise DataError(f"{folder} does not say how its signs were drawn. Choose another folder with --data-dir")
    if own is None and drawing.designs:
        raise DataError(
            f"{folder} holds signs drawn from designs of a person's own. Name these with --designs, or choose another "
            "folder with --data-dir"
        )
    if own is not None and drawing.designs != own.digest:
        others = "other" if drawing.designs else "the German"
        raise DataError(
            f"{folder} holds signs drawn from {others} designs. Choose another folder for these with --data-dir"
        )
    for name, asked, there in (("count", count, drawing.count), ("seed", seed, drawing.seed)):
        if asked not in (None, there):
            raise DataError(
                f"{folder} holds signs drawn with --{name} {there}, not {asked}. "
                f"Give --{name} {there} for these, or choose another folder with --data-dir"
            )


def _draw(folder: Path, drawing: Drawing, designs: Sequence[Design], processes: int | None) -> dict[str, FileRecord]:
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
                    count,
                    drawing.seed,
                    part=part,
                    designs=designs,
                    processes=processes or synthetic.cores(),
                    tell=tell,
                )
            kind = np.uint8 if labels.max() < 256 else np.uint16
            with fresh.open("wb") as file:
                pickle.dump({"features": images, "labels": labels.astype(kind)}, file, protocol=4)
            records[name] = manifest.record(fresh, count)
        manifest.begin(folder, records)
    return records
