"""A request's body as JSON: the standard library's reader in C wherever it agrees with RapidJSON, else `json_exact`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..errors import RequestError
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
        value: see `json_exact.read`; read in C, an int may be larger than 64 bits.
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
