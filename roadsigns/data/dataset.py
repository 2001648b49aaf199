"""A data set by the name or path a person gives, each split read when it is first asked for."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import UsageError
from . import gtsrb, manifest, official
from .archive import MEMBERS, member, read_split
from .manifest import Manifest
from .split import SPLITS, Split, SplitName, Splits

DEFAULT_DIR = Path("/tmp/traffic-signs-data")  # noqa: S108  the seed's place

SOURCES: dict[str, Callable[[Path], tuple[Manifest, bool]]] = {
    gtsrb.SOURCE: gtsrb.fetch,
    official.SOURCE: official.fetch,
}
"""What fetches each data set that has a name."""


class Dataset:
    """Three splits and where they come from. A split is read, and what can be verified is, when it is first used.

    Attributes:
        source: `gtsrb`, `official`, or the path as it was given.
        path: the zip or folder that holds the pickles.
        found: whether they were there before.
    """

    def __init__(self, source: str, path: Path, stored: Manifest | None = None, *, found: bool = True) -> None:
        self.source = source
        self.path = path
        self.found = found
        self._stored = stored
        self._read: dict[SplitName, Split] = {}

    def split(self, name: SplitName) -> Split:
        """The split of that name.

        Raises:
            DataError: it is missing, damaged, hostile, of another form, or not what the manifest says.
            OSError: it cannot be read.
        """
        if name not in self._read:
            if self._stored:
                manifest.check_hash(self.path, member(name), self._stored.files[member(name)])
            self._read[name] = read_split(self.path, name)
        return self._read[name]

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

    @property
    def kind(self) -> str:
        """What a model was trained on, for result files: `gtsrb`, also for a path of its counts, or the path's name."""
        counts = {name: len(self.split(name)) for name in SPLITS}
        return gtsrb.SOURCE if self.source in SOURCES or counts == gtsrb.PICTURES else self.path.name

    @property
    def manifest(self) -> dict[str, Any]:
        """What was read, as JSON can hold it: `source`, `address` (None for a path), `files`, `pictures`.

        `files` gives bytes and SHA-256 by name: of the zip itself, or of each pickle. `pictures` counts those of each
        split; for a path, of the splits that have been read so far.
        """
        if self._stored:
            files = self._stored.as_json()["files"]
            pictures = {name: files[member(name)].pop("pictures") for name in SPLITS}
            return {"source": self.source, "address": self._stored.address, "files": files, "pictures": pictures}
        pictures = {name: len(self._read[name]) for name in SPLITS if name in self._read}
        return {"source": self.source, "address": None, "files": self._hashes, "pictures": pictures}

    @functools.cached_property
    def _hashes(self) -> dict[str, dict[str, Any]]:
        paths = [self.path / name for name in MEMBERS] if self.path.is_dir() else [self.path]
        return {path.name: {"bytes": path.stat().st_size, "sha256": manifest.sha256(path)} for path in paths}


def load(data: str = gtsrb.SOURCE, data_dir: Path | None = None) -> Dataset:
    """Find the data set that `data` names, fetching it first where that is needed.

    Args:
        data: `gtsrb`, `official`, or the path of a zip (read in place) or folder with train.p, valid.p and test.p.
        data_dir: folder that a named data set is kept in; default `/tmp/traffic-signs-data`. A path needs none.

    Raises:
        UsageError: `data` is neither a name nor a path.
        NetworkError: the data set cannot be fetched.
        DataError: it is damaged, or `data_dir` holds something else.
        OSError: `data_dir` cannot be written.
    """
    if data in SOURCES:
        folder = DEFAULT_DIR if data_dir is None else data_dir
        stored, found = SOURCES[data](folder)
        return Dataset(data, folder, stored, found=found)
    path = Path(data)
    if not path.exists():
        near = difflib.get_close_matches(data, SOURCES, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"There is no data set and no file {data!r}. {hint}Expected {', '.join(SOURCES)} or a PATH")
    return Dataset(data, path)
