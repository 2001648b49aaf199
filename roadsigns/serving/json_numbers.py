"""A body that is one large array of numbers and little else, read without a list for each row of each picture.

Without its brackets the array is a flat list, which orjson reads four times as fast; the brackets are compared as text.
Whatever is not plainly such a body is left to `json_reader`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from .json_reader import Document, read_plain

_LEVELS = 32
_PIECE = 1 << 16  # bytes that stay in a core's cache
_NUL = b"\\u0000"  # the only way to write it
_MARK = b'"' + _NUL + b'"'
_MARKED = "\0"
_DIGITS = b"0123456789+-.eE"
_BLUNT = bytes.maketrans(_DIGITS, b"0" * len(_DIGITS))


@dataclass(frozen=True)
class Numbers:
    """An array as it was written.

    Attributes:
        flat: its numbers in order, int or float.
        shape: sizes of its levels.
    """

    flat: list[Any]
    shape: tuple[int, ...]

    def lists(self) -> list[Any]:
        """As nested lists."""
        level = self.flat
        for size in reversed(self.shape[1:]):
            level = [level[start : start + size] for start in range(0, len(level), size)]
        return level


def read(body: bytes) -> Document | None:
    """Read a body whose `inputs` have an array of two levels or more by name; None if it may be anything else.

    The array is an instance of `Numbers`, all else as `json_reader.read` has it.
    """
    start = body.find(b"[[")
    if start < 0:
        return None
    depth = next((level for level in range(2, _LEVELS) if body[start + level : start + level + 1] != b"["), _LEVELS)
    end = body.rfind(b"]" * depth, start) + depth  # the last such place is its end, or this is another kind of body
    if end < start + depth:
        return None
    rest = body[:start] + _MARK + body[end:]
    value = read_plain(rest) if rest.count(_NUL) == 1 else None
    if not isinstance(value, dict) or not value.keys() <= {"inputs", "signature_name"}:
        return None
    inputs = value.get("inputs")
    if not isinstance(inputs, dict) or "b64" in inputs or not isinstance(value.get("signature_name", ""), str):
        return None
    names = [name for name, each in inputs.items() if each == _MARKED]
    numbers = _numbers(body[start:end], depth) if len(names) == 1 else None
    if numbers is None:
        return None
    inputs[names[0]] = numbers
    return Document(value, body, exact=True)


def _numbers(text: bytes, depth: int) -> Numbers | None:
    if b" " in text:
        text = text.replace(b", ", b",")
    blunt = text.translate(_BLUNT)
    if _touch(blunt, b"0", b"[") or _touch(blunt, b"]", b"0"):  # a number where a list should begin, or after one
        return None
    shape = _shape(blunt.translate(None, b"0"), depth)
    if shape is None:
        return None
    try:
        flat = orjson.loads(b"[" + text.translate(None, b"[]") + b"]")
    except orjson.JSONDecodeError:
        return None
    return Numbers(flat, shape) if len(flat) == math.prod(shape) else None


def _touch(text: bytes, one: bytes, other: bytes) -> bool:
    """Whether a byte stands right before another; `in` takes ten times as long where both are frequent."""
    each = np.frombuffer(text, np.uint8)
    pieces = (each[start : start + _PIECE + 1] for start in range(0, len(each), _PIECE))
    return any(((piece[:-1] == ord(one)) & (piece[1:] == ord(other))).any() for piece in pieces)


def _shape(brackets: bytes, depth: int) -> tuple[int, ...] | None:
    """The sizes of an array of which only the brackets and commas are left; None unless all its lists are alike."""
    sizes: list[int] = []
    block = b""
    for level in reversed(range(depth)):  # the first list of each level, from the innermost on
        length = brackets.find(b"]" * (depth - level)) + depth - 2 * level
        size, left = divmod(length - 1, len(block) + 1)
        if left or size < 1:
            return None
        block = b"[" + b",".join([block] * size) + b"]"
        sizes.append(size)
    return tuple(reversed(sizes)) if block == brackets else None
