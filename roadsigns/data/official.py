"""The benchmark's own archives, made into three pickles of the published data set's form.

The test set is the official one in the official order. How the published validation set was drawn is not known; here it
is as many whole tracks of each class (a track is 30 frames of one physical sign, which must not be on both sides of a
split), drawn by a fixed seed.

Source: Stallkamp, Schlipsing, Salmen, Igel, "Man vs. computer", Neural Networks 32, 2012; archives at `ADDRESS`.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import files
from ..console import progress
from ..errors import DataError
from ..resize import SIZE
from . import manifest, tracks
from .archive import open_zip
from .benchmark import BenchmarkZip
from .download import download
from .fetched import archives
from .gtsrb import PICTURES
from .manifest import FileRecord, Manifest
from .pickles import MEMBERS, member
from .split import SPLITS
from .tracks import SEED, VALID_TRACKS, Picture

SOURCE = "official"
ADDRESS = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
# GTSRB-Training_fixed.zip, which lies there too, is an earlier, smaller set of 26,640 pictures.
TRAIN_ZIP = "GTSRB_Final_Training_Images.zip"
TEST_ZIP = "GTSRB_Final_Test_Images.zip"
TABLE_ZIP = "GTSRB_Final_Test_GT.zip"
TABLE = "GT-final_test.csv"


def fetch(
    folder: Path,
    *,
    address: str = ADDRESS,
    valid_tracks: Sequence[int] = VALID_TRACKS,
    pictures: Mapping[str, int] = PICTURES,
    get: Callable[..., None] = download,
) -> tuple[Manifest, str]:
    """Make sure that `folder` holds the three pickles, made from the benchmark's archives.

    Archives of the published names that a person has put into `folder` are read, and stay. What is fetched (some
    350 MB) goes once the pickles are there.

    Args:
        folder: created where it is missing.
        address: what stands before the archives' names; ends in a slash.
        valid_tracks: whole tracks of each class to validate on.
        pictures: how many each split must hold.
        get: fetches an address to a path, as `download` does.

    Returns:
        The folder's manifest, and how its files came there.

    Raises:
        NetworkError: an archive cannot be fetched.
        DataError: one is damaged or of another form, or the folder holds something else.
        OSError: the folder cannot be written.
    """
    found = manifest.read(folder, SOURCE, MEMBERS)
    if found:
        return found, manifest.FOUND
    addresses = [address + name for name in (TRAIN_ZIP, TEST_ZIP, TABLE_ZIP)]
    otherwise = "unpack its archives into one folder and name that with --data"
    with archives(folder, addresses, get, otherwise=otherwise) as (paths, how):
        made = Manifest(SOURCE, address, _convert(paths, folder, valid_tracks, pictures))
        made.write(folder)
    return made, how


def _convert(
    paths: Sequence[Path], folder: Path, valid_tracks: Sequence[int], pictures: Mapping[str, int]
) -> dict[str, FileRecord]:
    """Write the three pickles beside their places, and rename all or none of them."""
    with contextlib.ExitStack() as stack:
        train_zip, test_zip, table_zip = (BenchmarkZip(stack.enter_context(open_zip(path)), path) for path in paths)
        train, valid = tracks.divide(tracks.training_pictures(train_zip), valid_tracks, seed=SEED)
        test = tracks.testing_pictures(test_zip, table_zip.table(TABLE))
        plan = dict(zip(SPLITS, ((train_zip, train), (train_zip, valid), (test_zip, test)), strict=True))
        for split, (archive, chosen) in plan.items():
            if len(chosen) != pictures[split]:
                raise DataError(
                    f"{archive.path} gives {len(chosen):,} pictures for {member(split)}; expected {pictures[split]:,}"
                )
        records: dict[str, FileRecord] = {}
        for split, (archive, chosen) in plan.items():
            fresh = stack.enter_context(files.beside(folder / member(split)))
            with fresh.open("wb") as file:
                pickle.dump(_arrays(archive, chosen, member(split)), file, protocol=4)
            records[member(split)] = manifest.record(fresh, len(chosen))
        manifest.begin(folder, records)
        return records


def _arrays(archive: BenchmarkZip, chosen: Sequence[Picture], title: str) -> dict[str, NDArray[Any]]:
    """What the published pickles hold: each whole crop at 32x32, its class, and its size and box before."""
    from ..resize import resize_bilinear

    features = np.empty((len(chosen), SIZE, SIZE, 3), np.uint8)
    with progress(title) as tell:
        for index, picture in enumerate(chosen):
            features[index] = resize_bilinear(archive.picture(picture.name, picture.row)[np.newaxis])[0]
            tell(index + 1, len(chosen))
    return {
        "features": features,
        "labels": np.array([picture.row.label for picture in chosen], np.uint8),
        "sizes": np.array([picture.row.size for picture in chosen], np.uint16),
        "coords": np.array([picture.row.box for picture in chosen], np.uint16),
    }
