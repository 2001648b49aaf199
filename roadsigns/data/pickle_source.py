"""Reads a pickle's bytes for its opcodes, and never more bytes than it has, whatever length the pickle announces."""

from __future__ import annotations

import codecs
import struct
import warnings
from typing import Any, BinaryIO

import numpy as np

from ..errors import DataError
from .ndarrays import Bytes

MAX_LINE = 100
"""The largest length in bytes of a name or number that ends with its line."""
CHUNK = 2**18


class PickleSource:
    """Reads `size` bytes of `file`; a file that ends earlier raises DataError."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.left = size

    def array(self, count: int) -> Bytes:
        """The next `count` bytes, as a copy."""
        if count > self.left:
            raise DataError("it ends too early")
        data = np.empty(count, np.uint8)  # not touched before it is filled, so an announced length costs nothing
        done = 0
        while done < count:
            chunk = self.file.read(min(count - done, CHUNK))
            if not chunk:
                raise DataError("it ends too early")
            data[done : done + len(chunk)] = np.frombuffer(chunk, np.uint8)
            done += len(chunk)
        self.left -= count
        return data

    def line(self, most: int = MAX_LINE) -> bytes:
        """The rest of the line, without its end."""
        line = self.file.readline(min(most, self.left))
        self.left -= len(line)
        if not line.endswith(b"\n"):
            raise DataError("it has a line that does not end")
        return line[:-1]

    def long_line(self) -> bytes:
        return self.line(self.left)

    def skip(self, count: int) -> None:
        self.array(count)

    def code(self) -> bytes:
        return self.array(1).tobytes()

    def number(self, form: str) -> Any:
        """The next number, in the form that `struct` calls `form`."""
        return struct.unpack(form, self.array(struct.calcsize(form)).tobytes())[0]

    def long(self) -> int:
        """LONG1: a length of at most 255, then so many bytes of a signed number."""
        return int.from_bytes(self.array(self.number("<B")).tobytes(), "little", signed=True)

    def latin(self, form: str) -> str:
        """A string of Python 2, whose length is a number of form `form`: one character a byte."""
        return str(self.array(self.number(form)).data, "latin-1")

    def utf8(self, form: str) -> str:
        """A text whose length in bytes is a number of form `form`."""
        return str(self.array(self.number(form)).data, "utf-8", "surrogatepass")

    def escaped(self) -> str:
        """A string of Python 2 as protocol 0 writes it: its `repr`, on a line."""
        line = self.long_line()
        if len(line) < 2 or line[:1] not in (b"'", b'"') or line[:1] != line[-1:]:
            raise DataError("it has a string without quotes")
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an escape that no repr writes
            return str(codecs.escape_decode(line[1:-1])[0], "latin-1")

    def at_end(self) -> bool:
        """Whether all bytes are read; a zip member checks its CRC here."""
        return self.left == 0 and not self.file.read(1)
