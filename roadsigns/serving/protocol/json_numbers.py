"""A body that is one large array of numbers and little else, read without a list for each row of each picture.

simdjson reads the array straight into doubles, each the nearest to what is written; that all lists are alike is seen by
comparing brackets as text. Whatever is not plainly such a body is left to `json_reader`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import simdjson

from .json_reader import Document, read_plain

_LEVELS = 32
_NUL = b"\\u0000"  # the only way to write it
_MARK = b'"' + _NUL + b'"'
_MARKED = "\0"
_DIGITS = b"0123456789+-.eE"
_BLANKS = b" \t\r\n"


@dataclass(frozen=True)
class Numbers:
    """An array as it was written.

    Attributes:
        text: as JSON.
        doubles: its numbers in order, float64 and finite.
        shape: sizes of its levels.
    """

    text: bytes
    doubles: npt.NDArray[np.float64]
    shape: tuple[int, ...]

    @property
    def flat(self) -> list[Any]:
        """Its numbers as int and float."""
        return list(orjson.loads(b"[" + self.text.translate(None, b"[]") + b"]"))

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
    try:
        parsed = simdjson.Parser().parse(text)
    except (ValueError, RuntimeError):  # the latter is an integer past 64 bits, which the other reader can take
        return None
    shape = _shape(text.translate(None, _BLANKS + _DIGITS), depth)
    if shape is None or not isinstance(parsed, simdjson.Array):
        return None
    try:
        doubles = np.frombuffer(parsed.as_buffer(of_type="d"), np.float64)
    except (ValueError, TypeError):  # something else than numbers
        return None
    return Numbers(text, doubles, shape) if len(doubles) == math.prod(shape) else None


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
