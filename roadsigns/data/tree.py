"""The files of a data set by name: in a folder, or in a zip that is read without unpacking it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import DataError
from .archive import check_member, damage_told, open_zip

MAX_FILES = 2**21
"""Most files of one data set."""
_MAX_DEPTH = 16
# What file managers leave behind.
_LEFT_BEHIND = re.compile(r"(^|/)(\.|__MACOSX(/|$)|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)


class Tree(ABC):
    """Files by name: relative, with slashes; hidden ones and what file managers leave behind are not among them.

    Attributes:
        path: the folder or zip.
        kept: closes what was opened for as long as the tree is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept = contextlib.ExitStack()

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """All names, sorted.

        Raises:
            DataError: there are more than `MAX_FILES`, or folders nest too deep.
        """
        return tuple(sorted(name for name in self._all() if not _LEFT_BEHIND.search(name)))

    def title(self, name: str) -> str:
        """What messages call the file `name`."""
        return f"{name} in {self.path}"

    @abstractmethod
    def has(self, name: str) -> bool:
        """Whether there is a plain file of that name; does not list all."""

    @abstractmethod
    def size(self, name: str) -> int:
        """Bytes of the file `name`."""

    @abstractmethod
    def open(self, name: str, most: int) -> contextlib.AbstractContextManager[BinaryIO]:
        """The file `name`, opened to be read; DataError where it has more than `most` bytes, or is damaged."""

    @abstractmethod
    def stamp(self, name: str) -> tuple[int, int]:
        """Two numbers that change when the file does."""

    @abstractmethod
    def folders(self) -> set[str]:
        """All folders, also those without a file, without a slash at their ends."""

    @abstractmethod
    def _all(self) -> Iterator[str]: ...

    def stamps(self, names: Iterable[str]) -> str:
        """A text that changes when one of the files does, or when there are others."""
        digest = hashlib.sha256(f"{self.path.resolve()}".encode(errors="surrogateescape"))
        for name in names:
            if self.has(name):
                digest.update(f"{name}\0{self.stamp(name)}\0".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def read(self, name: str, most: int) -> bytes:
        """All bytes of the file `name`; DataError where they are more than `most`."""
        with self.open(name, most) as file:
            return file.read()


class FolderTree(Tree):
    """The files below a folder. Links are followed, but no circle of links."""

    def title(self, name: str) -> str:
        """Its path."""
        return str(self.path / name)

    def has(self, name: str) -> bool:
        """Whether there is one."""
        return (self.path / name).is_file()

    def size(self, name: str) -> int:
        """As the system says."""
        return (self.path / name).stat().st_size

    def stamp(self, name: str) -> tuple[int, int]:
        """Size and time of the last change, in nanoseconds."""
        status = (self.path / name).stat()
        return status.st_size, status.st_mtime_ns

    @contextlib.contextmanager
    def open(self, name: str, most: int) -> Iterator[BinaryIO]:
        """The file `name`."""
        path = self.path / name
        if not path.is_file():  # a pipe would be waited for
            raise DataError(f"{path} is missing or no plain file")
        if path.stat().st_size > most:
            raise DataError(f"{path} has {path.stat().st_size:,} bytes; at most {most:,} are read")
        with path.open("rb") as file:
            yield file

    def folders(self) -> set[str]:
        """As they are found; links are not followed."""
        return {os.path.relpath(folder, self.path) for folder, _, _ in os.walk(self.path)} - {"."}

    def _all(self) -> Iterator[str]:
        for count, name in enumerate(_walk(self.path, "", (os.path.realpath(self.path),))):
            if count == MAX_FILES:
                raise DataError(f"{self.path} holds more than {MAX_FILES:,} files. Name the data set's own folder")
            yield name


def _walk(folder: Path, prefix: str, above: tuple[str, ...]) -> Iterator[str]:
    if len(above) > _MAX_DEPTH:
        raise DataError(f"{folder} lies {_MAX_DEPTH} folders deep. Name the data set's own folder")
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            name = prefix + entry.name
            if entry.is_dir():
                real = os.path.realpath(entry.path)
                if real not in above and not _LEFT_BEHIND.search(name):
                    yield from _walk(Path(entry.path), f"{name}/", (*above, real))
            elif entry.is_file():
                yield name


class ZipTree(Tree):
    """The members of a zip.

    Raises:
        DataError: a member leads out of the archive, or is there twice.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path, way_out: str) -> None:
        super().__init__(path)
        self._way_out = way_out
        self._archive = archive
        self._infos: dict[str, zipfile.ZipInfo] = {}
        if len(archive.infolist()) > MAX_FILES:
            raise DataError(f"{path} holds more than {MAX_FILES:,} files")
        for info in archive.infolist():
            name = info.orig_filename
            if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
                raise DataError(f"{path} holds {name[:80]!r}, which leads out of the archive")
            if name in self._infos:
                raise DataError(f"{path} holds {name[:80]!r} twice")
            if not name.endswith("/"):
                self._infos[name] = info

    def has(self, name: str) -> bool:
        """Whether there is one."""
        return name in self._infos

    def size(self, name: str) -> int:
        """As the zip's directory claims."""
        return self._infos[name].file_size

    def stamp(self, name: str) -> tuple[int, int]:
        """Size and checksum, as the zip's directory claims."""
        return self._infos[name].file_size, self._infos[name].CRC

    @contextlib.contextmanager
    def open(self, name: str, most: int) -> Iterator[BinaryIO]:
        """The member `name`, which must be a plain file, in the clear, stored or deflated."""
        if name not in self._infos:
            raise DataError(f"{self.path} has no {name}")
        check_member(self._infos[name], self.path, most)
        with damage_told(self.path, way_out=self._way_out), self._archive.open(self._infos[name]) as file:
            yield file  # type: ignore[misc]

    def folders(self) -> set[str]:
        """Those that are members, or that members lie in."""
        return {name.rpartition("/")[0] for name in self._archive.namelist()} - {""}

    def _all(self) -> Iterator[str]:
        yield from self._infos


@contextlib.contextmanager
def open_tree(path: Path, *, way_out: str = ". Fetch it again") -> Iterator[Tree]:
    """Yield the files of the folder or zip at `path`; of a damaged one the message ends in `way_out`.

    Raises:
        DataError: it is neither, or a damaged zip.
    """
    if path.is_dir():
        tree: Tree = FolderTree(path)
        with tree.kept:
            yield tree
    elif path.is_file():
        with open_zip(path, way_out=way_out) as archive:
            tree = ZipTree(archive, path, way_out)
            with tree.kept:
                yield tree
    else:
        raise DataError(f"{path} is neither a zip nor a folder")  # a pipe would be waited for
