"""Data sets; each split is read when it is first asked for."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
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
from .forms.recognise import collection
from .manifest import Drawing, Manifest
from .pickles import MEMBERS, held, member, read_split
from .split import SPLITS, Split, SplitName, Splits

if TYPE_CHECKING:
    from .synthetic.designs import Design

MIXED = f"{gtsrb.SOURCE}+{drawn.SOURCE}"
_TOLD = 5


class Dataset:
    """Three splits and where they come from. A split is read, and verified where a hash is known, at its first use.

    Attributes:
        source: `gtsrb`, `official`, `synthetic`, `gtsrb+synthetic`, or the path as it was given.
        path: the zip or folder that holds the pickles.
        how: how the pickles came there, in words that follow the source's name.
        classes: the classes that the pictures show.
        hint: of drawn signs that nobody chose, how to get others.
    """

    classes: Classes = signs.CLASSES
    hint = ""

    def __init__(self, source: str, path: Path, stored: Manifest | None = None, how: str = manifest.FOUND) -> None:
        self.source = source
        self.path = path
        self.how = how
        self._stored = stored
        self._read: dict[SplitName, Split] = {}
        self._designs: Sequence[Design] = ()

    @property
    def found(self) -> bool:
        """Whether the pickles were there already, so that nothing was fetched or drawn."""
        return all(part.how == manifest.FOUND for part in self.parts)

    def split(self, name: SplitName) -> Split:
        """The split of that name.

        Raises:
            DataError: its file is missing, damaged, hostile, of another form, or another than the manifest says.
            OSError: its file cannot be read.
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
        """Divide the training pictures: a share of them becomes the validation split."""
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
        """All three splits."""
        return Splits(self.train, self.valid, self.test)

    @property
    def summary(self) -> str:
        """One line: how many pictures there are, and where they are from."""
        train, valid, test = map(len, self.splits())
        each = [(f"{len(part.train):,} " if len(self.parts) > 1 else "") + part.origin for part in self.parts]
        return f"{train:,} pictures to train on, {valid:,} to validate, {test:,} to test: {' and '.join(each)}"

    @property
    def origin(self) -> str:
        """Where the pictures are from, in words."""
        if self.source == drawn.SOURCE:
            were = "drawn signs that were in" if self.found else "signs drawn to"
            return f"{were} {self.path}{self.hint if self.found else ''}"
        return f"those of {self.source} in {self.path}" if self._stored else self.source

    @property
    def drawings(self) -> Mapping[str, Design]:
        """A design of each class, by the class's name; none where the signs were not drawn from a person's own."""
        return {self.classes.names[design.class_id]: design for design in reversed(self._designs)}

    def drawing(self) -> Drawing:
        """How the drawn signs of the training split were drawn.

        Raises:
            UsageError: the training split has no drawn signs.
        """
        if not (self._stored and self._stored.drawn):
            raise UsageError(f"--redraw is for drawn signs; there are none in --data {self.source}. Leave it out")
        return self._stored.drawn

    def redrawn(self, epoch: int) -> Split:
        """The training split of one epoch, its drawn signs drawn anew; raises as `drawing` does."""
        return drawn.again(self.drawing(), epoch, self._designs)

    def file(self, split: SplitName) -> tuple[Path, str]:
        """The file that the pictures of a split are in, and its SHA-256."""
        stored = self.manifest["files"]
        name = next(each for each in (member(split), member("train"), self.path.name) if each in stored)
        return self.path / name if name in MEMBERS else self.path, stored[name]["sha256"]

    @property
    def parts(self) -> Sequence[Dataset]:
        """The data sets that this one is made of, each with a path of its own."""
        return (self,)

    @property
    def kind(self) -> str:
        """The word for this data set in result files, as `trained_on`.

        `gtsrb`, also for a path with as many pictures in each split; `synthetic`; `gtsrb+synthetic`; or the name of
        the path.
        """
        if self.source in (drawn.SOURCE, MIXED):
            return self.source
        counts = {name: len(self.split(name)) for name in SPLITS}
        return (
            gtsrb.SOURCE
            if self.source in (gtsrb.SOURCE, official.SOURCE) or counts == gtsrb.PICTURES
            else self.path.name
        )

    @property
    def manifest(self) -> dict[str, Any]:
        """A record of the files read, for JSON: `source`, `address` (None for a path), `files`, `pictures`.

        `files` gives bytes and SHA-256 by name, of the zip itself or of each pickle. `pictures` gives the number of
        pictures of each split; for a path, only of the splits that have been read so far.
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
    """A person's own pictures, in one of the `forms`. They are read once, and kept as a `Cache`.

    Raises:
        DataError: the pictures are in no known form, or no picture can be used.
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
        """The cache's file of a split, and its SHA-256."""
        return self._cache.folder / f"{split}.u8", self._cache.hashes[f"{split}.u8"]

    @property
    def manifest(self) -> dict[str, Any]:
        """The record of every data set, with `form`, `left_out`, `notes` and own classes; `files` are the cache's."""
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
        return files.cache_folder() / "pictures"
    except RuntimeError as error:
        raise UsageError("There is no home folder to keep the pictures in. Name a folder with --data-dir") from error


class Mixture(Dataset):
    """Real and drawn signs together to learn from. Validation and test have real signs alone."""

    def __init__(self, real: Dataset, others: Dataset) -> None:
        super().__init__(MIXED, real.path)
        self._parts = (real, others)

    def file(self, split: SplitName) -> tuple[Path, str]:
        """The real signs' file of a split, and its SHA-256."""
        return self._parts[0].file(split)

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
        """How the second part was drawn."""
        return self._parts[1].drawing()

    def redrawn(self, epoch: int) -> Split:
        """The training split of one epoch: the real signs as they are, and the drawn ones drawn anew."""
        return _joined(self._parts[0].train, self._parts[1].redrawn(epoch))

    @property
    def manifest(self) -> dict[str, Any]:
        """As every data set's, but with the manifests of the `parts` in place of their `files`."""
        parts = [part.manifest for part in self._parts]
        pictures = {**parts[0]["pictures"], "train": sum(part["pictures"]["train"] for part in parts)}
        return {"source": self.source, "address": parts[0]["address"], "parts": parts, "pictures": pictures}


def _joined(first: Split, second: Split) -> Split:
    return Split(np.concatenate([first.images, second.images]), np.concatenate([first.labels, second.labels]))
