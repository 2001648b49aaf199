"""A pickle that is a dict of NumPy arrays, read without running anything that it names.

Python's unpickler calls what a pickle tells it to call, and its C code makes room for whatever a pickle announces (ten
bytes can ask for 64 GB). A dict of arrays needs some forty of the opcodes, a few hundred times, so they are interpreted
here: an opcode outside the table, or a name outside `ndarrays.NAMES`, is an error.

Source: the opcodes are described in CPython's `Lib/pickletools.py`.
"""

from __future__ import annotations

import pickletools
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

from numpy.typing import NDArray

from ..console import note
from ..errors import DataError
from .ndarrays import Array
from .pickle_machine import PickleMachine
from .pickle_source import PickleSource

MAX_BYTES = 512 * 2**20
"""Largest pickle that is read. Reading one takes at most some four times its size in memory."""
MAX_STEPS = 10_000
"""Most opcodes a pickle may have; one of four arrays has some 150."""


def load_arrays(file: BinaryIO, name: str, *, size: int) -> dict[str, NDArray[Any]]:
    """Read the dict of arrays that is pickled in `file`, written by Python 2 or 3, NumPy 1 or 2, in protocol 0 to 5.

    Args:
        file: at the first byte of the pickle; is read to its end.
        name: what to call it in messages.
        size: bytes in `file`.

    Returns:
        Arrays of bool, int, uint or float, each C-contiguous, in native byte order and writable. Of an entry that is a
        text, a number, a list or the like there is only a note.

    Raises:
        DataError: the pickle is too large, damaged, holds anything else or names anything to run.
        OSError, zipfile.BadZipFile, zlib.error: `file` cannot be read.
        MemoryError: the machine has too little for it.
    """
    if size > MAX_BYTES:
        raise DataError(f"{name} has {size:,} bytes; at most {MAX_BYTES:,} are read")
    try:
        return _run(PickleSource(file, size), name)
    except DataError as error:
        raise DataError(f"{name} is not a plain pickle of NumPy arrays: {error}") from None
    except (OSError, MemoryError, zipfile.BadZipFile, zlib.error):
        raise
    except Exception as error:  # whatever a stranger's bytes made a step of ours trip over
        raise DataError(f"{name} is damaged or no pickle ({type(error).__name__}: {str(error)[:100]})") from error


def _run(source: PickleSource, name: str) -> dict[str, NDArray[Any]]:
    machine = PickleMachine(source.left)
    for _ in range(MAX_STEPS):
        code = source.code()
        if code == b".":
            [made] = machine.stack
            if not source.at_end():
                raise DataError("it goes on after its end")
            return _arrays(made, name)
        if code not in _STEPS:
            known = [opcode.name for opcode in pickletools.opcodes if opcode.code == code.decode("latin-1")]
            raise DataError(f"it uses opcode {known[0] if known else '0x' + code.hex()}, which no array needs")
        _STEPS[code](machine, source)
    raise DataError(f"it takes more than {MAX_STEPS:,} steps")


def _arrays(made: object, name: str) -> dict[str, NDArray[Any]]:
    if not isinstance(made, dict):
        raise DataError("it does not hold a dict")
    arrays: dict[str, NDArray[Any]] = {}
    for key, value in made.items():
        if isinstance(value, Array) and value.numbers is not None:
            arrays[key] = value.numbers
        elif isinstance(value, (str, int, float, tuple, list, dict)) or value is None:
            note(f"{name}: {key[:40]!r} is no array and is ignored")
        else:
            raise DataError(f"its entry {key[:40]!r} is not an array")
    return arrays


def _protocol(version: int) -> None:
    if version > 5:
        raise DataError(f"it is of protocol {version}; 0 to 5 are read")


def _int(line: bytes) -> int:
    """INT of protocol 0, where 00 and 01 are the truth values."""
    return {b"00": False, b"01": True}[line] if line in (b"00", b"01") else int(line)


_STEPS: dict[bytes, Callable[[PickleMachine, PickleSource], None]] = {
    # Frame
    b"\x80": lambda m, s: _protocol(s.number("<B")),
    b"\x95": lambda m, s: s.skip(8),  # the length of a frame, which only helps to buffer
    # Numbers and None
    b"N": lambda m, s: m.push(None),
    b"\x88": lambda m, s: m.push(True),
    b"\x89": lambda m, s: m.push(False),
    b"I": lambda m, s: m.push(_int(s.line())),
    b"J": lambda m, s: m.push(s.number("<i")),
    b"K": lambda m, s: m.push(s.number("<B")),
    b"M": lambda m, s: m.push(s.number("<H")),
    b"L": lambda m, s: m.push(int(s.line().rstrip(b"L"))),
    b"\x8a": lambda m, s: m.push(s.long()),
    b"F": lambda m, s: m.push(float(s.line())),
    b"G": lambda m, s: m.push(s.number(">d")),
    # Texts and bytes
    b"S": lambda m, s: m.push(s.escaped()),
    b"T": lambda m, s: m.push(s.latin("<i")),
    b"U": lambda m, s: m.push(s.latin("<B")),
    b"V": lambda m, s: m.push(str(s.long_line(), "raw-unicode-escape")),
    b"X": lambda m, s: m.push(s.utf8("<I")),
    b"\x8c": lambda m, s: m.push(s.utf8("<B")),
    b"\x8d": lambda m, s: m.push(s.utf8("<Q")),
    b"B": lambda m, s: m.push(s.array(s.number("<I"))),
    b"C": lambda m, s: m.push(s.array(s.number("<B"))),
    b"\x8e": lambda m, s: m.push(s.array(s.number("<Q"))),
    b"\x96": lambda m, s: m.push(s.array(s.number("<Q"))),
    # Tuples, lists and dicts
    b"(": lambda m, s: m.marks.append(len(m.stack)),
    b")": lambda m, s: m.push(()),
    b"t": lambda m, s: m.push_tuple(m.pop_mark()),
    b"\x85": lambda m, s: m.push_tuple(m.pop(1)),
    b"\x86": lambda m, s: m.push_tuple(m.pop(2)),
    b"\x87": lambda m, s: m.push_tuple(m.pop(3)),
    b"]": lambda m, s: m.push([]),
    b"l": lambda m, s: m.push(m.pop_mark()),
    b"a": lambda m, s: m.extend(m.pop(1)),
    b"e": lambda m, s: m.extend(m.pop_mark()),
    b"}": lambda m, s: m.push({}),
    b"d": lambda m, s: m.make_dict(),
    b"s": lambda m, s: m.set_items(m.pop(2)),
    b"u": lambda m, s: m.set_items(m.pop_mark()),
    # Memo
    b"p": lambda m, s: m.put(int(s.line())),
    b"q": lambda m, s: m.put(s.number("<B")),
    b"r": lambda m, s: m.put(s.number("<I")),
    b"\x94": lambda m, s: m.put(len(m.memo)),
    b"g": lambda m, s: m.get(int(s.line())),
    b"h": lambda m, s: m.get(s.number("<B")),
    b"j": lambda m, s: m.get(s.number("<I")),
    # Names and calls
    b"c": lambda m, s: m.find(s.line().decode(), s.line().decode()),
    b"\x93": lambda m, s: m.find(*m.pop(2)),
    b"R": lambda m, s: m.reduce(),
    b"b": lambda m, s: m.build(),
}
"""What each opcode does to a machine and the source it reads."""
