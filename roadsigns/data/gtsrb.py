"""The published data set: one zip of three pickles, fetched once, verified and unpacked.

The German Traffic Sign Recognition Benchmark, 32x32 RGB: 34,799 pictures to train, 4,410 to validate, 12,630 to test.

Source: Stallkamp, Schlipsing, Salmen, Igel, "Man vs. computer", Neural Networks 32, 2012; the pickles are those of
Udacity's self-driving course, at `ADDRESS`.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from .. import files
from ..errors import DataError
from . import manifest
from .download import download
from .fetched import archives
from .manifest import FileRecord, Manifest
from .pickles import MEMBERS, member, open_pickle
from .schema import to_split
from .split import SPLITS
from .unpickle import load_arrays

SOURCE = "gtsrb"
ADDRESS = (
    "https://d17h27t6h515a5.cloudfront.net/topher/2017/February/5898cd6f_traffic-signs-data/traffic-signs-data.zip"
)
PICTURES = {"train": 34_799, "valid": 4_410, "test": 12_630}
MAX_ZIP_BYTES = 512 * 2**20


def fetch(
    folder: Path,
    *,
    address: str = ADDRESS,
    pictures: Mapping[str, int] = PICTURES,
    get: Callable[..., None] = download,
) -> tuple[Manifest, str]:
    """Make sure that `folder` holds the published pickles.

    A zip of the published name that a person has put into `folder` is read, and stays. A zip that is fetched goes once
    the pickles out of it are there: it holds nothing else.

    Args:
        folder: created where it is missing.
        address: the address of the zip.
        pictures: how many pictures each split must hold.
        get: fetches an address to a path, as `download` does.

    Returns:
        The folder's manifest, and how its files came there.

    Raises:
        NetworkError: the zip cannot be fetched.
        DataError: it is damaged or of another form, or the folder holds something else.
        OSError: the folder cannot be written.
    """
    found = manifest.read(folder, SOURCE, MEMBERS)
    if found:
        return found, manifest.FOUND
    with archives(folder, [address], get, otherwise="name its zip with --data", max_bytes=MAX_ZIP_BYTES) as (
        [zip_path],
        how,
    ):
        made = Manifest(SOURCE, address, _unpack(zip_path, folder, pictures))
        made.write(folder)
    return made, how


def _unpack(zip_path: Path, folder: Path, pictures: Mapping[str, int]) -> dict[str, FileRecord]:
    """Unpack the three pickles beside their final places, check each, and then rename all of them or none."""
    records: dict[str, FileRecord] = {}
    with contextlib.ExitStack() as renames:
        for split in SPLITS:
            name = member(split)
            fresh = renames.enter_context(files.beside(folder / name))
            with open_pickle(zip_path, split, way_out="") as (packed, title, size), fresh.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, 2**20)  # checks the CRC at the end
            with fresh.open("rb") as file:
                count = len(to_split(load_arrays(file, title, size=size), title))
            if count != pictures[split]:
                raise DataError(f"{title} holds {count:,} pictures; the published one holds {pictures[split]:,}")
            records[name] = manifest.record(fresh, count)
        manifest.begin(folder, records)
    return records
