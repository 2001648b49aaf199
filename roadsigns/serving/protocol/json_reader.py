"""A request's body as JSON: by orjson wherever it agrees with RapidJSON, else the standard library, else `json_exact`.

Each is some four times as fast as the next, and knows when it is not sure.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import orjson

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
        """Have an infinity in the value looked into: the word is welcome, a number too big for a double is not.

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
