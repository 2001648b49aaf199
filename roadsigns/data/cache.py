"""A person's pictures as signs of 32x32 pixels, verified once and kept in files that are mapped into memory.

    <data-dir>/<of the path>-<of the files>/    one for each state of the source
      train.u8, valid.u8, test.u8      pixels, 3,072 bytes a picture
      train.i32, ...                   class ids, four bytes each, lowest first
      index.json                       all else, with the SHA-256 of each file; written last

While it is made the folder is called `.<name>.part`, and a line of `progress.jsonl` for each few hundred pictures says
how far it is, so that after an interruption the next call goes on from there.
"""

from __future__ import annotations

import collections
import contextlib
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import classes as class_list
from .. import files
from ..classes import Classes
from ..console import note, progress
from ..errors import DataError
from ..resize import SIZE, Pixels
from .classes import identify
from .collection import Collection, Item
from .manifest import sha256
from .pixels import sign
from .split import SPLITS, Split, SplitName

VERSION = 3
"""Part of the name of the folder, so that files which another version made are not read."""
INDEX = "index.json"
_PROGRESS = "progress.jsonl"
_BYTES = SIZE * SIZE * 3
_CHUNK = 256
# Bytes of files that wait to be decoded.
_MOST_HELD = 2**26
# Each holds a picture, of which the largest takes 200 MB and as much again while it is turned.
_MOST_THREADS = 8
MAX_INDEX = 2**28

Broken = list[tuple[str, str]]


@dataclass(frozen=True)
class Cache:
    """Signs that were verified.

    Attributes:
        folder: where they are.
        form: what the source was recognised as.
        classes: what the pictures show.
        pictures: how many each split has.
        left_out: what could not be used, each with the reason.
        notes: what else a person should know.
        hashes: SHA-256 of each file.
    """

    folder: Path
    form: str
    classes: Classes
    pictures: dict[str, int]
    left_out: Broken
    notes: list[str]
    hashes: dict[str, str]

    def split(self, name: SplitName) -> Split:
        """The split of that name; its pictures are mapped into memory and cannot be written.

        Raises:
            DataError: a file has changed since, or there is no such split.
        """
        if not self.pictures[name]:
            raise DataError(f"There are no {name} pictures. Put some into {name}/, with a folder for each class")
        for path in (self.folder / f"{name}.u8", self.folder / f"{name}.i32"):
            if not path.is_file() or sha256(path) != self.hashes[path.name]:
                raise DataError(f"{path} has changed since it was made. Delete {self.folder} and run again")
        shape = (self.pictures[name], SIZE, SIZE, 3)
        images = np.memmap(self.folder / f"{name}.u8", np.uint8, "r", shape=shape)
        labels = np.fromfile(self.folder / f"{name}.i32", "<i4").astype(np.int64)
        return Split(images, labels, len(self.classes))


def of(collection: Collection, path: Path, base: Path) -> Cache:
    """The signs of `collection`, verified and kept below `base` where they are not there yet.

    Args:
        collection: what is at `path`.
        path: names the folder.
        base: is created.

    Raises:
        DataError: no picture can be used, or the classes cannot be told apart.
        OSError: `base` cannot be written.
    """
    own = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]
    state = hashlib.sha256(f"{VERSION} {collection.form} {collection.stamp}".encode()).hexdigest()[:16]
    folder = base / f"{own}-{state}"
    base.mkdir(parents=True, exist_ok=True)
    with files.locked(base, waiting=lambda: note(f"waiting for another process that fills {base}")):
        if not (folder / INDEX).is_file():
            _make(collection, folder, path)
            for old in base.glob(f"{own}-{'?' * 16}"):  # of another state of the same source
                if old != folder and (old / INDEX).is_file():
                    shutil.rmtree(old)
    return _read(folder)


def _read(folder: Path) -> Cache:
    try:
        index = json.loads(files.read(folder / INDEX, MAX_INDEX))
        return Cache(
            folder,
            str(index["form"]),
            class_list.read(str(index["classes"])),
            {name: int(index["pictures"][name]) for name in SPLITS},
            [(str(name), str(reason)) for name, reason in index["left_out"]],
            [str(each) for each in index["notes"]],
            {name: str(index["sha256"][name]) for name in _names()},
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{folder / INDEX} is damaged ({error!r}). Delete {folder} and run again") from error


def _names() -> list[str]:
    return [f"{split}.{ending}" for split in SPLITS for ending in ("u8", "i32")]


def _make(collection: Collection, folder: Path, path: Path) -> None:
    """Fill `folder` beside its place, from where an earlier call stopped, then rename it."""
    classes, ids = identify(
        {item.label for item in collection.items if item.label}, collection.names, collection.declared
    )
    collection = collection.divided(ids)
    part = folder.with_name(f".{folder.name}.part")
    part.mkdir(exist_ok=True)
    broken = _fill(part, collection, ids, f"reading {path.name}")
    counts = {split: (part / f"{split}.i32").stat().st_size // 4 for split in SPLITS}
    left_out = [*collection.left_out, *broken]
    if not any(counts.values()):
        first = f": {left_out[0][0]} {left_out[0][1]}" if left_out else ""
        raise DataError(f"None of the {len(left_out):,} pictures of {path} can be used{first}")
    index = {
        "source": str(path),
        "form": collection.form,
        "classes": classes.as_csv(),
        "pictures": counts,
        "left_out": left_out,
        "notes": [*collection.notes, *_missing_classes(part, classes.names), *_duplicates(part, counts)],
        "sha256": {name: sha256(part / name) for name in _names()},
    }
    (part / _PROGRESS).unlink()
    files.write_json(part / INDEX, index)
    if folder.exists():
        shutil.rmtree(folder)  # it has no index, so it was never whole
    part.rename(folder)


def _fill(part: Path, collection: Collection, ids: dict[str, int], title: str) -> Broken:
    """Append the signs that `part` lacks to its files; returns what cannot be read."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(files.named(part))
        out = {name: stack.enter_context((part / name).open("ab")) for name in _names()}
        done, broken = _resume(part, out)
        log = stack.enter_context((part / _PROGRESS).open("a", encoding="utf-8"))
        tell = stack.enter_context(progress(title))
        total = len(collection.items)
        new: Broken = []
        for index, (item, made) in enumerate(_signs(collection, done), start=done):
            if isinstance(made, str):
                new.append((item.name, made))
            else:
                out[f"{item.split}.u8"].write(made.tobytes())
                out[f"{item.split}.i32"].write(int(ids[item.label]).to_bytes(4, "little"))
            if (index + 1) % _CHUNK == 0 or index + 1 == total:
                for file in out.values():
                    file.flush()
                sizes = {name: file.tell() for name, file in out.items()}
                log.write(json.dumps([index + 1, sizes, new]) + "\n")
                log.flush()
                broken, new = broken + new, []
                tell(index + 1, total)
    return broken


def _resume(part: Path, out: dict[str, Any]) -> tuple[int, Broken]:
    """How many pictures an earlier call has done, and which were broken; what it began after is removed."""
    done, sizes, broken = 0, dict.fromkeys(out, 0), []
    path = part / _PROGRESS
    if path.exists():
        whole = 0
        for line in path.read_bytes().splitlines(keepends=True):
            try:
                done, sizes, new = json.loads(line)
            except ValueError:  # cut off
                break
            broken += [(name, reason) for name, reason in new]
            whole += len(line)
        os.truncate(path, whole)
    for name, file in out.items():
        if os.fstat(file.fileno()).st_size < sizes[name]:  # after a crash of the machine: begin anew
            return _begin(path, out)
    for name, file in out.items():
        file.truncate(sizes[name])
        file.seek(sizes[name])
    return done, broken


def _begin(path: Path, out: dict[str, Any]) -> tuple[int, Broken]:
    path.unlink()
    for file in out.values():
        file.truncate(0)
        file.seek(0)
    return 0, []


def _signs(collection: Collection, start: int) -> Iterator[tuple[Item, Pixels | str]]:
    """Each picture from `start` on as a sign, or why it is none; read here, decoded by several threads."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = min(found, _MOST_THREADS)
    waiting: collections.deque[tuple[Item, Future[Pixels | str], int]] = collections.deque()
    held = 0
    with ThreadPoolExecutor(cores) as pool:
        for index in range(start, len(collection.items)):
            item = collection.items[index]
            data = _bytes(collection, index, item.name)
            while waiting and (len(waiting) > 2 * cores or held + len(data) > _MOST_HELD):
                first, future, size = waiting.popleft()
                held -= size
                yield first, future.result()
            waiting.append((item, pool.submit(_sign, data, item, collection.published), len(data)))
            held += len(data)
        for item, future, _ in waiting:
            yield item, future.result()


def _bytes(collection: Collection, index: int, name: str) -> bytes | str:
    try:
        return collection.read(index)
    except DataError as error:
        return _plain(error, name)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _sign(data: bytes | str, item: Item, published: bool) -> Pixels | str:
    if isinstance(data, str):
        return data
    if not item.label:
        return "has no label"
    try:
        return sign(data, item.name, item.box, published=published)
    except DataError as error:
        return _plain(error, item.name)


def _plain(error: DataError, name: str) -> str:
    """The reason without the name, which stands before it."""
    return str(error).removeprefix(f"{name!r} ").removeprefix(f"{name}: ").removeprefix(f"{name} ")


def _missing_classes(part: Path, classes: Sequence[str]) -> list[str]:
    """A note on classes that are tested, but not learnt."""
    found = {split: set(np.unique(np.fromfile(part / f"{split}.i32", "<i4")).tolist()) for split in SPLITS}
    lacking = sorted((found["valid"] | found["test"]) - found["train"]) if found["train"] else []
    names = ", ".join(classes[index] for index in lacking[:5]) + (", ..." if len(lacking) > 5 else "")
    return [f"no picture to learn from is of {names}, which the other splits have"] if lacking else []


def _duplicates(part: Path, counts: dict[SplitName, int]) -> list[str]:
    """A note on signs that are in two splits, equal in every pixel: the usual reason for an accuracy of 99.9 %."""
    seen = {split: _digests(part / f"{split}.u8", counts[split]) for split in SPLITS}
    notes = []
    for first, second in itertools.combinations(SPLITS, 2):
        both = len(np.intersect1d(seen[first], seen[second], assume_unique=True))
        if both:
            pictures = "picture is" if both == 1 else "pictures are"
            notes.append(f"{both:,} {pictures} both in {first} and in {second}, so figures on {second} say too much")
    return notes


def _digests(path: Path, count: int) -> NDArray[np.uint64]:
    """Eight bytes for each different picture, sorted; of ten million, two are taken for equal once in 300,000 times."""
    with path.open("rb") as file:
        digests = (hashlib.blake2b(file.read(_BYTES), digest_size=8).digest() for _ in range(count))
        return np.unique(np.fromiter((int.from_bytes(each, "little") for each in digests), np.uint64, count))
