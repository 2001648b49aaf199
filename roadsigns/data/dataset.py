"""A data set by the name or path a person gives, each split read when it is first asked for."""

from __future__ import annotations

import contextlib
import difflib
import functools
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import files, signs
from ..classes import Classes
from ..console import note
from ..errors import DataError, UsageError
from . import cache, drawn, gtsrb, manifest, official
from .apart import set_apart
from .cache import INDEX
from .forms.recognise import collection, is_pickles
from .manifest import Drawing, Manifest
from .pickles import MEMBERS, held, member, place, read_split
from .split import SPLITS, Split, SplitName, Splits
from .tree import FolderTree

if TYPE_CHECKING:
    from .synthetic.designs import Design

DEFAULT_DIR = Path("/tmp/traffic-signs-data")  # noqa: S108  the seed's place
DRAWN_DIR = Path("/tmp/traffic-signs-synthetic")  # noqa: S108  beside it

SOURCES: dict[str, Callable[[Path], tuple[Manifest, str]]] = {
    gtsrb.SOURCE: gtsrb.fetch,
    official.SOURCE: official.fetch,
}
"""What fetches each data set that has a name and an address."""
MIXED = f"{gtsrb.SOURCE}+{drawn.SOURCE}"
NAMES = (*SOURCES, drawn.SOURCE, MIXED)
"""All data sets that have a name."""
_TOLD = 5


class Dataset:
    """Three splits and where they come from. A split is read, and what can be verified is, when it is first used.

    Attributes:
        source: `gtsrb`, `official`, `synthetic`, `gtsrb+synthetic`, or the path as it was given.
        path: the zip or folder that holds the pickles.
        how: how they came there, in words that follow the source's name.
        classes: what the pictures show.
    """

    classes: Classes = signs.CLASSES

    def __init__(self, source: str, path: Path, stored: Manifest | None = None, how: str = manifest.FOUND) -> None:
        self.source = source
        self.path = path
        self.how = how
        self._stored = stored
        self._read: dict[SplitName, Split] = {}
        self._designs: Sequence[Design] = ()

    @property
    def found(self) -> bool:
        """Whether the pickles were there before."""
        return all(part.how == manifest.FOUND for part in self.parts)

    def split(self, name: SplitName) -> Split:
        """The split of that name.

        Raises:
            DataError: it is missing, damaged, hostile, of another form, or not what the manifest says.
            OSError: it cannot be read.
        """
        if name not in self._read and self._stored:
            manifest.check_hash(self.path, member(name), self._stored.files[member(name)])
        elif name not in self._read and name != "test" and "valid" not in self._held:
            self._divide()
        if name not in self._read:
            self._read[name] = read_split(self.path, name, len(self.classes))
        return self._read[name]

    @functools.cached_property
    def _held(self) -> tuple[SplitName, ...]:
        return held(self.path)

    def _divide(self) -> None:
        """Set pictures to validate on apart from those to learn from."""
        whole = read_split(self.path, "train")
        apart = set_apart(whole.labels)
        if not apart.any():
            raise DataError(
                f"{self.path} has no valid.p, and no class of train.p has two pictures to set one apart for it"
            )
        note(f"{self.path} has no valid.p: the last tenth of each class of train.p is set apart for it")
        self._read["train"], self._read["valid"] = whole.where(~apart), whole.where(apart)

    @property
    def train(self) -> Split:
        """The pictures to learn from."""
        return self.split("train")

    @property
    def valid(self) -> Split:
        """The pictures to choose settings by."""
        return self.split("valid")

    @property
    def test(self) -> Split:
        """The pictures to report on."""
        return self.split("test")

    def splits(self) -> Splits:
        """All three."""
        return Splits(self.train, self.valid, self.test)

    def drawing(self) -> Drawing:
        """What the drawn signs among those to learn from follow from.

        Raises:
            UsageError: there are none.
        """
        if not (self._stored and self._stored.drawn):
            raise UsageError(f"--redraw is for drawn signs; there are none in --data {self.source}. Leave it out")
        return self._stored.drawn

    def redrawn(self, epoch: int) -> Split:
        """`train` with others in the place of its drawn signs, for one epoch; raises as `drawing` does."""
        return drawn.again(self.drawing(), epoch, self._designs)

    def file(self, split: SplitName) -> tuple[Path, str]:
        """The file that the pictures of a split are in, and its SHA-256."""
        stored = self.manifest["files"]
        name = next(each for each in (member(split), member("train"), self.path.name) if each in stored)
        return self.path / name if name in MEMBERS else self.path, stored[name]["sha256"]

    @property
    def parts(self) -> Sequence[Dataset]:
        """The data sets that it is made of, each in a place of its own."""
        return (self,)

    @property
    def kind(self) -> str:
        """What a model was trained on, for result files.

        `gtsrb`, also for a path of its counts; `synthetic`; `gtsrb+synthetic`; or the path's name.
        """
        if self.source in (drawn.SOURCE, MIXED):
            return self.source
        counts = {name: len(self.split(name)) for name in SPLITS}
        return gtsrb.SOURCE if self.source in SOURCES or counts == gtsrb.PICTURES else self.path.name

    @property
    def manifest(self) -> dict[str, Any]:
        """What was read, as JSON can hold it: `source`, `address` (None for a path), `files`, `pictures`.

        `files` gives bytes and SHA-256 by name: of the zip itself, or of each pickle. `pictures` counts those of each
        split; for a path, of the splits that have been read so far.
        """
        if self._stored:
            stored = self._stored.as_json()
            stored["pictures"] = {name: stored["files"][member(name)].pop("pictures") for name in SPLITS}
            return stored
        pictures = {name: len(self._read[name]) for name in SPLITS if name in self._read}
        return {"source": self.source, "address": None, "files": self._hashes, "pictures": pictures}

    @functools.cached_property
    def _hashes(self) -> dict[str, dict[str, Any]]:
        files = [self.path / name for name in MEMBERS]
        paths = [path for path in files if path.is_file()] if self.path.is_dir() else [self.path]
        return {path.name: {"bytes": path.stat().st_size, "sha256": manifest.sha256(path)} for path in paths}


class Designed(Dataset):
    """Signs drawn from a person's own designs."""

    def __init__(self, path: Path, stored: Manifest, how: str, own: drawn.OwnDesigns) -> None:
        super().__init__(drawn.SOURCE, path, stored, how)
        self.classes = own.classes
        self._designs = own.designs


class Own(Dataset):
    """A person's pictures, in whatever form; verified when it is made, and kept as a `Cache`.

    Raises:
        DataError: they are of no form that is known, or none can be used.
        OSError: the folder for the cache cannot be written.
    """

    def __init__(self, source: str, path: Path, data_dir: Path | None) -> None:
        super().__init__(source, path)
        with collection(path) as found:
            self._cache = cache.of(found, path, _cache_folder() if data_dir is None else data_dir)
        self.classes = self._cache.classes
        for line in self._lines():
            note(f"{path}: {line}")

    def _lines(self) -> Iterator[str]:
        own = self.classes != signs.CLASSES
        yield f"{self._cache.form}, {f'{len(self.classes)} classes of its own' if own else 'classes of the benchmark'}"
        yield from self._cache.notes
        left_out = self._cache.left_out
        if left_out:
            yield f"{len(left_out):,} left out; {INDEX} in {self._cache.folder} lists all"
        yield from (f"left out: {name} {reason}" for name, reason in left_out[:_TOLD])

    def split(self, name: SplitName) -> Split:
        """The split of that name; DataError where the source has none, or the cache has changed since."""
        if name not in self._read:
            self._read[name] = self._cache.split(name)
        return self._read[name]

    def file(self, split: SplitName) -> tuple[Path, str]:
        """That of the cache."""
        return self._cache.folder / f"{split}.u8", self._cache.hashes[f"{split}.u8"]

    @property
    def manifest(self) -> dict[str, Any]:
        """As every data set's, with `form`, `left_out`, `notes` and own classes; `files` are those of the cache."""
        return {
            "source": self.source,
            "address": None,
            "form": self._cache.form,
            **({} if self.classes == signs.CLASSES else {"classes": list(self.classes.names)}),
            "files": {
                name: {"bytes": (self._cache.folder / name).stat().st_size, "sha256": digest}
                for name, digest in self._cache.hashes.items()
            },
            "pictures": self._cache.pictures,
            "left_out": len(self._cache.left_out),
            "notes": self._cache.notes,
        }


def _cache_folder() -> Path:
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "roadsigns" / "pictures"
    except RuntimeError as error:
        raise UsageError("There is no home folder to keep the pictures in. Name a folder with --data-dir") from error


class Mixture(Dataset):
    """Real signs with drawn ones among those to learn from; validation and test are the real ones."""

    def __init__(self, real: Dataset, others: Dataset) -> None:
        super().__init__(MIXED, real.path)
        self._parts = (real, others)

    def file(self, split: SplitName) -> tuple[Path, str]:
        """The file that the pictures of a split are in, and its SHA-256."""
        stored = self.manifest["files"]
        name = next(each for each in (member(split), member("train"), self.path.name) if each in stored)
        return self.path / name if name in MEMBERS else self.path, stored[name]["sha256"]

    @property
    def parts(self) -> Sequence[Dataset]:
        """The real signs and the drawn ones."""
        return self._parts

    def split(self, name: SplitName) -> Split:
        """The split of that name; raises as every data set's does."""
        if name != "train":
            return self._parts[0].split(name)
        if name not in self._read:
            self._read[name] = _joined(*(part.split(name) for part in self._parts))
        return self._read[name]

    def drawing(self) -> Drawing:
        """That of its second part."""
        return self._parts[1].drawing()

    def redrawn(self, epoch: int) -> Split:
        """The real signs with other drawn ones."""
        return _joined(self._parts[0].train, self._parts[1].redrawn(epoch))

    @property
    def manifest(self) -> dict[str, Any]:
        """As every data set's, but with the manifests of the `parts` in place of their `files`."""
        parts = [part.manifest for part in self._parts]
        pictures = {**parts[0]["pictures"], "train": sum(part["pictures"]["train"] for part in parts)}
        return {"source": self.source, "address": parts[0]["address"], "parts": parts, "pictures": pictures}


def _joined(first: Split, second: Split) -> Split:
    return Split(np.concatenate([first.images, second.images]), np.concatenate([first.labels, second.labels]))


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
            `/tmp/traffic-signs-synthetic`. Of two, the drawn ones are in a folder `synthetic` in it. Of
            pictures at a path it keeps what was read; default `~/.cache/roadsigns/pictures`.
        count: training pictures that are drawn; default those that are there, else 86,000.
        seed: that they are drawn with; default that of those that are there, else 0.
        designs: folder of SVG or PNG files that are drawn in place of the German signs, of `synthetic`.

    Raises:
        UsageError: `data` is neither a name nor a path, `count` or `seed` is given where nothing is drawn, or the
            default folder is another user's.
        NetworkError: the data set cannot be fetched.
        DataError: it is damaged, or `data_dir` holds something else.
        OSError: `data_dir` cannot be written.
    """
    if designs is not None and data != drawn.SOURCE:
        raise UsageError(f"--designs {designs} is for --data {drawn.SOURCE}, not for {data}. Leave one of the two out")
    if designs is not None:
        own = drawn.own_designs(designs)
        folder = _own(DRAWN_DIR.with_name(f"{DRAWN_DIR.name}-{own.digest[:12]}")) if data_dir is None else data_dir
        return Designed(folder, *_fetch(functools.partial(drawn.fetch, count=count, seed=seed, own=own), folder), own)
    if data == drawn.SOURCE:
        folder = _own(DRAWN_DIR) if data_dir is None else data_dir
        stored, how = _fetch(functools.partial(drawn.fetch, count=count, seed=seed), folder)
        return Dataset(data, folder, stored, how)
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


def _own(folder: Path) -> Path:
    """`folder`, which is made where it is missing; in `/tmp` everybody can have put another in its place.

    Raises:
        UsageError: it, or a link in its place, belongs to another user, or everybody can write into it.
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
    """`fetch(folder)`, one process at a time: the second finds what the first has put there."""
    folder.mkdir(parents=True, exist_ok=True)
    with files.locked(folder, waiting=lambda: note(f"waiting for another process that fills {folder}")):
        return fetch(folder)
