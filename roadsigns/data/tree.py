"""The files of a data set by name: in a folder, or in a zip that is read without unpacking it."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import os
import re
import stat
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ..errors import DataError
from .archive import check_member, damage_told, open_zip
from .packed_list import PackedList

MAX_FILES = 2**21
"""Most files of one data set."""
_MAX_DEPTH = 16
# What the system says of a name that no file has.
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
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
    def names(self) -> Sequence[str]:
        """All names, sorted.

        Raises:
            DataError: there are more than `MAX_FILES`, or folders nest too deep.
        """
        return PackedList(name for name in self._all() if not _LEFT_BEHIND.search(name))

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
    def _all(self) -> Iterator[str]:
        """All names, sorted; hidden ones may be among them."""

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
        try:
            return stat.S_ISREG(self._status(name).st_mode)
        except ValueError:  # a name with a NUL
            return False
        except OSError as error:
            if error.errno in _ABSENT:
                return False
            raise

    def size(self, name: str) -> int:
        """As the system says."""
        return self._status(name).st_size

    def stamp(self, name: str) -> tuple[int, int]:
        """Size and time of the last change, in nanoseconds."""
        status = self._status(name)
        return status.st_size, status.st_mtime_ns

    @contextlib.contextmanager
    def open(self, name: str, most: int) -> Iterator[BinaryIO]:
        """The file `name`."""
        place = self._place(name)
        if not self.has(name):  # a pipe would be waited for
            raise DataError(f"{place} is missing or no plain file")
        if self.size(name) > most:
            raise DataError(f"{place} has {self.size(name):,} bytes; at most {most:,} are read")
        with open(place, "rb") as file:  # noqa: PTH123
            yield file

    # No `Path` here: Python 3.12 keeps each part of one until the program ends.
    def _place(self, name: str) -> str:
        return os.path.join(self.path, name)  # noqa: PTH118

    def _status(self, name: str) -> os.stat_result:
        return os.stat(self._place(name))  # noqa: PTH116

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
    with os.scandir(folder) as entries:  # a folder's slash counts when its name is compared to that of a file
        found = sorted(f"{each.name}/" if each.is_dir() else each.name for each in entries if _is_known(each))
    for name in found:
        path = prefix + name
        if not name.endswith("/"):
            yield path
        elif (real := os.path.realpath(folder / name)) not in above and not _LEFT_BEHIND.search(path[:-1]):
            yield from _walk(folder / name, path, (*above, real))


def _is_known(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir() or entry.is_file()  # not a pipe, or a link to nothing


class ZipTree(Tree):
    """The members of a zip.

    Raises:
        DataError: a member leads out of the archive, or is there twice.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path, way_out: str) -> None:
        super().__init__(path)
        self._way_out = way_out
        self._archive = archive
        if len(archive.infolist()) > MAX_FILES:
            raise DataError(f"{path} holds more than {MAX_FILES:,} files")
        for info in archive.infolist():
            name = info.orig_filename
            if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
                raise DataError(f"{path} holds {name[:80]!r}, which leads out of the archive")
            if not name.endswith("/") and archive.getinfo(name) is not info:
                raise DataError(f"{path} holds {name[:80]!r} twice")

    def has(self, name: str) -> bool:
        """Whether there is one."""
        return name in self._archive.NameToInfo and not name.endswith("/")

    def size(self, name: str) -> int:
        """As the zip's directory claims."""
        return self._archive.getinfo(name).file_size

    def stamp(self, name: str) -> tuple[int, int]:
        """Size and checksum, as the zip's directory claims."""
        info = self._archive.getinfo(name)
        return info.file_size, info.CRC

    @contextlib.contextmanager
    def open(self, name: str, most: int) -> Iterator[BinaryIO]:
        """The member `name`, which must be a plain file, in the clear, stored or deflated."""
        if not self.has(name):
            raise DataError(f"{self.path} has no {name}")
        info = self._archive.getinfo(name)
        check_member(info, self.path, most)
        with damage_told(self.path, way_out=self._way_out), self._archive.open(info) as file:
            yield file  # type: ignore[misc]

    def folders(self) -> set[str]:
        """Those that are members, or that members lie in."""
        return {name.rpartition("/")[0] for name in self._archive.namelist()} - {""}

    def _all(self) -> Iterator[str]:
        yield from sorted(name for name in self._archive.namelist() if not name.endswith("/"))


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
