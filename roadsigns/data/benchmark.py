"""The benchmark's own archives, read in place: PPM pictures and semicolon-separated tables."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import signs
from ..errors import DataError
from .archive import check_member, damage_told

COLUMNS = ("Filename", "Width", "Height", "Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2", "ClassId")
MAX_MEMBER_BYTES = 4 * 2**20
MAX_SIDE = 1000
"""Largest height or width of a picture, in pixels; the benchmark's own stay below 300."""


@dataclass(frozen=True)
class Row:
    """One line of a table: `size` width, height and `box` x1, y1, x2, y2 in pixels, and the class id."""

    size: tuple[int, int]
    box: tuple[int, int, int, int]
    label: int


class BenchmarkZip:
    """One of the archives, opened and its members checked; members that nobody needs, such as a read-me, may be there.

    Raises:
        DataError: a member is there twice, leads out of the archive, is encrypted, no plain file or too large.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self.archive = archive
        self.path = path
        self.infos: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            name = info.orig_filename
            if name.startswith("/") or "\\" in name or ".." in name.split("/"):
                raise DataError(f"{path} holds {name[:80]!r}, which leads out of the archive")
            if name in self.infos:
                raise DataError(f"{path} holds {name[:80]!r} twice")
            if not name.endswith("/"):
                check_member(info, path, MAX_MEMBER_BYTES)
                self.infos[name] = info

    def read(self, name: str) -> bytes:
        """All bytes of a member."""
        if name not in self.infos:
            raise DataError(f"{self.path} has no {name}")
        with damage_told(self.path):
            return self.archive.read(self.infos[name])

    def table(self, name: str) -> dict[str, Row]:
        """The table `name`: rows by picture file name, in the table's order."""
        return parse_table(self.read(name), f"{name} in {self.path}")

    def picture(self, name: str, row: Row) -> NDArray[np.uint8]:
        """The picture `name`, uint8 RGB of shape (H, W, 3), which must be of the size that its `row` says."""
        return parse_ppm(self.read(name), row.size, f"{name} in {self.path}")


def parse_table(data: bytes, title: str) -> dict[str, Row]:
    """Rows by picture file name, in the table's order; messages call the table `title`.

    Raises:
        DataError: another form, a length that no picture has, a class outside 0..42, or a picture twice.
    """
    try:
        lines = csv.DictReader(io.StringIO(data.decode("ascii")), delimiter=";")
        if tuple(lines.fieldnames or ()) != COLUMNS:
            raise DataError(f"{title} must have the columns {';'.join(COLUMNS)}. Received: {data[:80]!r}")
        rows: dict[str, Row] = {}
        for name, row in _rows(lines, title):
            if name in rows:
                raise DataError(f"{title} lists {name[:40]!r} twice")
            rows[name] = row
        return rows
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{title} is not a table of ASCII text ({error})") from None


def _rows(lines: csv.DictReader[str], title: str) -> Iterator[tuple[str, Row]]:
    for line in lines:
        try:
            width, height, x1, y1, x2, y2, label = (int(line[column]) for column in COLUMNS[1:])
        except (TypeError, ValueError):
            raise DataError(f"{title} has something other than numbers in line {lines.line_num}") from None
        if not all(0 <= number <= MAX_SIDE for number in (width, height, x1, y1, x2, y2)):
            raise DataError(f"{title} has a length outside 0..{MAX_SIDE} in line {lines.line_num}")
        if not 0 <= label < signs.COUNT:
            raise DataError(f"{title} has class {label} in line {lines.line_num}; expected 0..{signs.COUNT - 1}")
        yield line["Filename"], Row((width, height), (x1, y1, x2, y2), label)


def parse_ppm(data: bytes, size: tuple[int, int] | None, name: str) -> NDArray[np.uint8]:
    """A binary PPM (P6) of 8 bits a channel as uint8 RGB of shape (H, W, 3).

    Args:
        data: the whole file.
        size: width and height that it must have; None for any.
        name: what messages call the picture.

    Raises:
        DataError: it is of another form or size.
    Source: netpbm, "PPM Format Specification".
    """
    header = re.match(rb"P6(?:\s|#[^\n]*\n)+(\d{1,5})\s+(\d{1,5})\s+255\s", data)
    if not header:
        raise DataError(f"{name} is not a PPM picture (P6, 8 bits); it begins with {data[:16]!r}")
    width, height = int(header[1]), int(header[2])
    if size is not None and size != (width, height):
        raise DataError(f"{name} is {width}x{height} pixels; its table says {size[0]}x{size[1]}")
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise DataError(f"{name} is {width}x{height} pixels; expected sides of 1..{MAX_SIDE}")
    pixels = np.frombuffer(data, np.uint8, offset=header.end())
    if pixels.size != height * width * 3:
        raise DataError(f"{name} has {pixels.size} bytes of pixels; {width}x{height} need {height * width * 3}")
    return pixels.reshape(height, width, 3)
