"""Which form the pictures at a path have, by what is there."""

from __future__ import annotations

import contextlib
import dataclasses
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...errors import DataError
from .. import official
from ..classes import COLUMNS, DECLARED
from ..collection import Collection
from ..pickles import MEMBERS, place
from ..tree import FolderTree, Tree, open_tree
from . import benchmark_folders, class_folders, kaggle, parquet, table

_FORMS: dict[str, tuple[Callable[[Tree], Sequence[str]], Callable[[Tree], Collection]]] = {
    "the benchmark as Kaggle has it": (kaggle.find, kaggle.read),
    "the benchmark's own pictures and tables": (benchmark_folders.find, benchmark_folders.read),
    "a table": (table.find, table.read),
    "Parquet": (parquet.find, parquet.read),
    "class folders": (class_folders.find, class_folders.read),
}
MAX_DECLARED = 2**22
# Pictures of these forms may lie in folders, which are no class folders then.
_STRONGER = ("the benchmark as Kaggle has it", "the benchmark's own pictures and tables", "a table")

_STARTS = {
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x89PNG": "a single picture",
    b"\xff\xd8\xff": "a single picture",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
}
EXPECTED = f"a folder or zip of {', '.join(MEMBERS)}, of class folders or of the benchmark's pictures, or a table"


def is_pickles(path: Path) -> bool:
    """Whether `path` is a folder or zip that holds a pickle of a split."""
    if not path.is_dir() and _kind(path) != "zip":
        return False
    with open_tree(path) as tree:
        folder = place(tree)
        return any(tree.has(folder + name) for name in MEMBERS)


@contextlib.contextmanager
def collection(path: Path) -> Iterator[Collection]:
    """Yield what is at `path`; its pictures can be read within.

    Raises:
        DataError: it is of no form that is known, or of two at once.
        UsageError: it is Parquet, and pyarrow is not installed.
    """
    kind = "folder" if path.is_dir() else _kind(path)
    if kind in ("folder", "zip"):
        with open_tree(path) as tree:
            yield _one(tree)
    elif kind in ("table", "parquet"):
        tree = FolderTree(path.parent)
        with tree.kept:
            yield _declared(tree, (table if kind == "table" else parquet).read(tree, [path.name]), [DECLARED])
    else:
        raise DataError(f"{path} is {kind}. Expected {EXPECTED}")


def _one(tree: Tree) -> Collection:
    found = [form for form, (find, _) in _FORMS.items() if find(tree)]
    found = [form for form in _STRONGER if form in found][:1] or found
    if not found:
        pictures = sum(name.lower().endswith(class_folders.PICTURES) for name in tree.names)
        held = f"{pictures:,} pictures but no folders of classes, and no table" if pictures else _some(tree)
        raise DataError(f"{tree.path} holds {held}. {_hint(tree)}Expected {EXPECTED}. See docs/data.md")
    if len(found) > 1:
        names = {form: _FORMS[form][0](tree)[0] for form in found}
        both = " and ".join(f"{form} ({names[form]})" for form in found)
        raise DataError(f"{tree.path} holds {both}. Name the one that is meant, or move the other elsewhere")
    tables = sorted((name for name in tree.names if _is_declared(name)), key=lambda name: (name.count("/"), name))
    return _declared(tree, _FORMS[found[0]][1](tree), tables[:1])


def _is_declared(name: str) -> bool:
    return name.rpartition("/")[2] == DECLARED and name.count("/") < 2


def _declared(tree: Tree, found: Collection, tables: Sequence[str]) -> Collection:
    """`found` with what a table beside the pictures says of the classes, where there is one."""
    tables = [name for name in tables if tree.has(name)]
    rows = [row for name in tables for row in table.rows(tree.read(name, MAX_DECLARED), tree.title(name))]
    if tables and not all(row.get("label") for row in rows or [{}]):
        raise DataError(f"{tree.title(tables[0])} lacks a label; expected the columns {', '.join(COLUMNS)}")
    return dataclasses.replace(found, declared=rows, stamp=found.stamp + tree.stamps(tables)) if tables else found


def _hint(tree: Tree) -> str:
    """The way out for a folder of archives."""
    zips = [name for name in tree.names if name.lower().endswith(".zip")]
    if official.TRAIN_ZIP in zips:
        published = f"--data {official.SOURCE} --data-dir {tree.path}"
        return f"Read the published archives with {published}; unpack others into one folder and name that. "
    return f"Name the zip: --data {tree.path / zips[0]}. " if zips and tree.path.is_dir() else ""


def _some(tree: Tree) -> str:
    return ", ".join(map(repr, tree.names[:3])) + (", ..." if len(tree.names) > 3 else "") if tree.names else "no file"


def _kind(path: Path) -> str:
    """What a file is: zip, table, parquet, or words for what cannot be read."""
    if not path.is_file():  # a pipe would be waited for
        return "neither a zip nor a folder"
    with path.open("rb") as file:
        start = file.read(512)
    if start[:4] == b"PAR1":
        return "parquet"
    if path.suffix.lower() in (".csv", ".tsv"):
        return "table"
    if start[:1] == b"\x80" or start[:3] in (b"(dp", b"(lp"):
        own = f", and name its folder: --data {path.parent}" if path.name in MEMBERS else ""
        return f"a single pickle; put it into a folder as one of {', '.join(MEMBERS)}{own}"
    if start[257:262] == b"ustar":
        return "a tar archive; unpack it and name the folder"
    for magic, words in _STARTS.items():
        if start.startswith(magic):
            return f"{words}; unpack it and name the folder" if "archive" in words else words
    return "zip" if not start or start[:2] == b"PK" or zipfile.is_zipfile(path) else "of no form that is read"
