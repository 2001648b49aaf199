"""A request's body as JSON: by orjson wherever it agrees with RapidJSON, else the standard library, else `json_exact`.

Each is some four times as fast as the next, and knows when it is not sure.

A body that is one large array of numbers and little else is read by simdjson, straight into doubles, without a list for
each row of each picture. That all lists are alike is seen by comparing brackets as text.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import simdjson

from ...errors import RequestError
from . import json_exact

# Where the two readers may differ: lone surrogates, and exponents that could be too big for a double, which Python
# takes for infinity. Each pattern starts with one plain character, which is quick to search for.
_DOUBTS = tuple(
    re.compile(pattern)
    for pattern in (
        rb"\\u[dD]",
        rb"e(?<=[0-9]e)\+?[0-9]{3}[0-9]*+[ \t\n\r,\]}]",
        rb"E(?<=[0-9]E)\+?[0-9]{3}[0-9]*+[ \t\n\r,\]}]",
    )
)
_NAME = re.compile(rb'"[ \t\n\r]*+:')
_SPACE = re.compile(r"\ufeff?[ \t\n\r]*+")

_LEVELS = 32
_NUL = b"\\u0000"  # the only way to write it
_MARK = b'"' + _NUL + b'"'
_MARKED = "\0"
_DIGITS = b"0123456789+-.eE"
_BLANKS = b" \t\r\n"


def _first_wins(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        found.clear()
        for name, value in members:
            found.setdefault(name, value)
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_first_wins)


@dataclass
class Document:
    """The JSON value of a body.

    Attributes:
        value: see `json_exact.read`; read by the standard library, an int may be larger than 64 bits.
        body: what it was read from.
        exact: whether `json_exact` read it.
    """

    value: Any
    body: bytes
    exact: bool

    def confirm(self) -> None:
        """Refuse a number too big for a double, which reads as an infinity; the word `Infinity` is allowed.

        Raises:
            RequestError: the body has such a number.
        """
        if not self.exact:
            json_exact.read(self.body)
            self.exact = True


def read(body: bytes) -> Document:
    """Read the first JSON value of `body` in time linear in its size.

    Raises:
        RequestError: it is not JSON; says why and where.
    """
    if not body:
        raise RequestError("JSON Parse error: The document is empty")
    quick = read_plain(body)
    if quick is not None:
        return Document(quick, body, exact=True)
    try:
        if not any(doubt.search(body) for doubt in _DOUBTS):
            text = body.decode()
            start = _SPACE.match(text)
            value, _ = _DECODER.raw_decode(text, start.end() if start else 0)
            if isinstance(value, (dict, list)):  # where a number ends, the two readers do not agree
                return Document(value, body, exact=False)
    except (ValueError, RecursionError):
        pass  # not UTF-8, not JSON, a number of over 4,300 digits, a deep nest: the exact reader says which
    return Document(json_exact.read(body), body, exact=True)


def read_plain(body: bytes) -> Any:
    """What orjson reads; None where it refuses, as it does NaN and numbers too big, or where a name comes twice."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    # Of equal names it keeps the last. What looks like a name inside a string only makes this too careful.
    if isinstance(value, (dict, list)) and len(_NAME.findall(body)) == _names(value):
        return value
    return None


def _names(value: Any) -> int:
    """How many members the objects have, all together; objects in a list that begins otherwise are not seen."""
    count = 0
    unseen = [value]
    while unseen:
        each = unseen.pop()
        if type(each) is dict:
            count += len(each)
            unseen.extend(each.values())
        elif type(each) is list and each and type(each[0]) is dict:
            unseen.extend(each)
    return count


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


def read_numbers(body: bytes) -> Document | None:
    """Read a body whose `inputs` have an array of two levels or more by name; None if it may be anything else.

    The array is an instance of `Numbers`, all else as `read` has it.
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
