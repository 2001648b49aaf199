"""`manifest.json`, which lies beside the three pickles and says what they are and where they come from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import classes as class_list
from ..errors import DataError
from ..files import read as read_bytes
from ..files import write_json

NAME = "manifest.json"
BEGUN = f"{NAME}.begun"
"""Lists the files that are being renamed into place, with their sums: after a kill only these are replaced."""
FOUND, FETCHED, DRAWN = "is already there, in", "was fetched to", "was drawn to"
"""How a data set came into its folder, in words for a message."""
MAX_BYTES = 2**20


@dataclass(frozen=True)
class FileRecord:
    """One file as it was when it was verified: its size in bytes, its SHA-256 and the pictures in it."""

    bytes: int
    sha256: str
    pictures: int

    def __post_init__(self) -> None:
        plain = type(self.bytes) is int and type(self.pictures) is int and isinstance(self.sha256, str)
        if not plain or len(self.sha256) != 64:
            raise ValueError(f"not a record of a file: {self}")


@dataclass(frozen=True)
class Drawing:
    """What drawn signs follow from: the number of training pictures, the seed, and a person's own designs.

    Attributes:
        designs: SHA-256 of the designs; empty for the German ones.
        classes: the table of their classes, as `Classes.as_csv` writes it; empty likewise.
    """

    count: int
    seed: int
    designs: str = ""
    classes: str = ""

    def __post_init__(self) -> None:
        texts = isinstance(self.designs, str) and isinstance(self.classes, str)
        if type(self.count) is not int or type(self.seed) is not int or not texts:
            raise ValueError(f"not a record of a drawing: {self}")
        if self.classes:
            class_list.read(self.classes)


@dataclass(frozen=True)
class Manifest:
    """The source's name, its address or how it was drawn, and its files by name."""

    source: str
    address: str | None
    files: dict[str, FileRecord]
    drawn: Drawing | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as JSON can hold it; `drawn` only where it is."""
        made = asdict(self)
        if made.pop("drawn"):
            made["drawn"] = {name: value for name, value in vars(self.drawn).items() if value != ""}
        return made

    def write(self, folder: Path) -> None:
        """Write `manifest.json` into `folder`, which ends what `begin` began."""
        write_json(folder / NAME, self.as_json())
        (folder / BEGUN).unlink(missing_ok=True)


def begin(folder: Path, files: dict[str, FileRecord]) -> None:
    """Note which files are about to be renamed into `folder`.

    Raises:
        DataError: a file that is not ours has come there meanwhile.
    """
    if (folder / NAME).exists():
        raise DataError(f"{folder / NAME} has come into being meanwhile. Run again")
    _check_ours(folder, tuple(files))
    write_json(folder / BEGUN, {name: asdict(file) for name, file in files.items()})


def record(path: Path, pictures: int) -> FileRecord:
    """The record of the file at `path`."""
    return FileRecord(path.stat().st_size, sha256(path), pictures)


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(folder: Path, source: str, members: tuple[str, ...]) -> Manifest | None:
    """The manifest of `folder`, or None where there is nothing yet.

    Raises:
        DataError: the folder holds another source, data of unknown source, a manifest that cannot be read, or files of
            other sizes than it says.
    """
    path = folder / NAME
    if not path.exists():
        _check_ours(folder, members)
        return None
    try:
        with path.open("rb") as file:
            made = json.loads(file.read(MAX_BYTES))
        files = {name: FileRecord(**made["files"][name]) for name in members}
        address = None if made["address"] is None else str(made["address"])
        drawn = Drawing(**made["drawn"]) if "drawn" in made else None
        manifest = Manifest(str(made["source"]), address, files, drawn)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(
            f"{path} is damaged, or no manifest of roadsigns ({error!r}). Choose another folder with --data-dir. "
            f"{_way_out(folder)}"
        ) from error
    if manifest.source != source:
        raise DataError(
            f"{folder} holds {manifest.source[:40]!r}, not {source!r}. Choose another folder with --data-dir"
        )
    for name in members:
        check_size(folder, name, manifest.files[name])
    return manifest


def _check_ours(folder: Path, members: tuple[str, ...]) -> None:
    """Raise DataError where `folder`, which has no manifest, holds a file that no killed process of ours put there."""
    try:
        begun = json.loads(read_bytes(folder / BEGUN, MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        begun = None
    for name in members:
        record = begun.get(name) if isinstance(begun, dict) else None
        known = record.get("sha256") if isinstance(record, dict) else None
        if (folder / name).exists() and known != sha256(folder / name):
            raise DataError(
                f"{folder} holds {name} but no {NAME}, so where it comes from is unknown. "
                f"Read it with --data {folder}, or choose another --data-dir"
            )


def check_size(folder: Path, name: str, expected: FileRecord) -> None:
    """Raise DataError where the file `name` is missing or of another size than when it was verified."""
    path = folder / name
    if not path.is_file():
        raise DataError(f"{path} is missing. {_way_out(folder)}")
    size = path.stat().st_size
    if size != expected.bytes:
        raise DataError(f"{path} has {size:,} bytes, its manifest says {expected.bytes:,}. {_way_out(folder)}")


def check_hash(folder: Path, name: str, expected: FileRecord) -> None:
    """Raise DataError where the file `name` is not the one that was verified. Takes 0.1 s for 100 MB."""
    check_size(folder, name, expected)
    received = sha256(folder / name)
    if received != expected.sha256:
        raise DataError(
            f"{folder / name} has changed: SHA-256 {received[:12]}..., its manifest says {expected.sha256[:12]}.... "
            f"{_way_out(folder)}"
        )


def _way_out(folder: Path) -> str:
    return f"If roadsigns made {folder}, delete the .p files and {NAME} in it and run again"
