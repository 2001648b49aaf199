"""The sources of data sets: the names and paths that a person may give, and where each is kept."""

from __future__ import annotations

import contextlib
import difflib
import functools
import os
import stat
from collections.abc import Callable
from pathlib import Path

from .. import files
from ..console import note
from ..errors import UsageError
from . import drawn, gtsrb, manifest, official
from .dataset import MIXED, Dataset, Designed, Mixture, Own
from .forms.recognise import is_pickles
from .manifest import Manifest
from .pickles import MEMBERS, place
from .tree import FolderTree

DEFAULT_DIR = Path("/tmp/traffic-signs-data")  # noqa: S108  the seed's place
DRAWN_DIR = Path("/tmp/traffic-signs-synthetic")  # noqa: S108  beside it

_HINT = " (--count N draws others)"

SOURCES: dict[str, Callable[[Path], tuple[Manifest, str]]] = {
    gtsrb.SOURCE: gtsrb.fetch,
    official.SOURCE: official.fetch,
}
"""What fetches each data set that has a name and an address."""
NAMES = (*SOURCES, drawn.SOURCE, MIXED)
"""The names of all data sets that have one."""


def load(
    data: str = gtsrb.SOURCE,
    data_dir: Path | None = None,
    *,
    count: int | None = None,
    seed: int | None = None,
    designs: Path | None = None,
) -> Dataset:
    """Find the data set that `data` names, fetching or drawing it first where that is needed.

    Args:
        data: `gtsrb`, `official`, `synthetic`, `gtsrb+synthetic`, or the path of a zip or folder with train.p,
            valid.p and test.p, or of pictures in one of the forms that docs/data.md tells of.
        data_dir: folder that a named data set is kept in; default `/tmp/traffic-signs-data`, for drawn signs
            `/tmp/traffic-signs-synthetic`, or one beside it where others than asked for are there already.
            `gtsrb+synthetic` keeps its drawn signs in a sub-folder `synthetic`. For a path, the folder that keeps the
            pictures once they are read; default `~/.cache/roadsigns/pictures`.
        count: how many training pictures are drawn; default as many as are there already, else 86,000.
        seed: the seed of the drawing; default the seed of the signs that are there already, else 0.
        designs: for `synthetic`, a folder of SVG or PNG files that are drawn in place of the German signs.

    Raises:
        UsageError: `data` is neither a name nor a path, `count` or `seed` is given where nothing is drawn, or the
            default folder is another user's.
        NetworkError: the data set cannot be fetched.
        DataError: the data set is damaged, or `data_dir` holds other files.
        OSError: `data_dir` cannot be written.
    """
    if designs is not None and data != drawn.SOURCE:
        raise UsageError(f"--designs {designs} is for --data {drawn.SOURCE}, not for {data}. Leave one of the two out")
    if data == drawn.SOURCE:
        own = None if designs is None else drawn.own_designs(designs)
        usual = DRAWN_DIR if own is None else DRAWN_DIR.with_name(f"{DRAWN_DIR.name}-{own.digest[:12]}")
        folder = _free(usual, count, seed) if data_dir is None else data_dir
        stored, how = _fetch(functools.partial(drawn.fetch, count=count, seed=seed, own=own), folder)
        made = Dataset(data, folder, stored, how) if own is None else Designed(folder, stored, how, own)
        made.hint = "" if data_dir or count is not None else _HINT
        return made
    if data == MIXED:
        others = None if data_dir is None else data_dir / drawn.SOURCE
        return Mixture(load(gtsrb.SOURCE, data_dir), load(drawn.SOURCE, others, count=count, seed=seed))
    for name, value in (("count", count), ("seed", seed)):
        if value is not None:
            raise UsageError(f"--{name} {value} is for drawn signs; there are none in --data {data}. Leave it out")
    if data in SOURCES:
        folder = _own(DEFAULT_DIR) if data_dir is None else data_dir
        stored, how = _fetch(SOURCES[data], folder)
        return Dataset(data, folder, stored, how)
    path = Path(data)
    if not path.exists():
        near = difflib.get_close_matches(data, NAMES, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"There is no data set and no file {data!r}. {hint}Expected {', '.join(NAMES)} or a PATH")
    if not is_pickles(path):
        return Own(data, path, data_dir)
    return Dataset(data, path / place(FolderTree(path)) if path.is_dir() else path)


def _free(usual: Path, count: int | None, seed: int | None) -> Path:
    """The folder `usual`; one beside it where signs are there that were drawn with another `count` or `seed`.

    Raises:
        DataError: `usual` holds other files.
    """
    there = manifest.read(_own(usual), drawn.SOURCE, MEMBERS)
    asked = {name: value for name, value in (("count", count), ("seed", seed)) if value is not None}
    if there is None or there.drawn is None or asked.items() <= vars(there.drawn).items():
        return usual
    return _own(usual.with_name("-".join([usual.name, *(f"{name}-{value}" for name, value in asked.items())])))


def _own(folder: Path) -> Path:
    """`folder`, made where it is missing. In `/tmp` another user may have made a folder of that name before.

    Raises:
        UsageError: the folder, or a link in its place, belongs to another user, or every user can write into it.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o755)
    ours = folder.lstat().st_uid == os.geteuid() == folder.stat().st_uid
    if ours and not folder.stat().st_mode & stat.S_IWOTH:
        return folder
    reason = "can be written by every user" if ours else "belongs to another user"
    raise UsageError(
        f"{folder} {reason} of this machine. Name a folder of your own with --data-dir, or this if you trust it"
    )


def _fetch(fetch: Callable[[Path], tuple[Manifest, str]], folder: Path) -> tuple[Manifest, str]:
    """Call `fetch(folder)` in one process at a time; a second process then finds the files of the first."""
    folder.mkdir(parents=True, exist_ok=True)
    with files.locked(folder, waiting=lambda: note(f"waiting for another process that fills {folder}")):
        return fetch(folder)
