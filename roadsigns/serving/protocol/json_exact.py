"""JSON read just as RapidJSON 1.1 reads it, with its words for each fault and the byte where it lies.

It takes some ten times as long as the standard library's reader in C, so `json_reader` turns to it only when that one
cannot tell. It keeps its own stack: no nesting can exhaust Python's.

Source: the grammar and the offsets are those of RapidJSON 1.1's `reader.h` with `kParseNanAndInfFlag` and
`kParseStopWhenDoneFlag`. Otherwise than there, a string that is not UTF-8 is refused ("Invalid encoding in string.",
RapidJSON's words when told to look): raw bytes in a string are a mistake, and `b64` is there for them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .json_tokens import Tokens, parse_error

MAX_DEPTH = 1000
"""Lists and objects within each other, at most: each costs one byte of a body and some 90 of memory.

The reader in C has a limit of its own, which depends on Python's version; where it is higher, deeper nests pass."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Numbers that no reader could find fault with, and that the standard library may therefore read in one go.
_TAME = r"-?+(?:0|[1-9][0-9]{0,17}+)(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]{1,2}+)?+(?![0-9.eE])"
_TAMES = re.compile(rf"{_TAME}(?:[ \t\n\r]*+,[ \t\n\r]*+{_TAME})*+")


def read(body: bytes) -> Any:
    """Read the first JSON value of `body`; what follows it is ignored.

    Args:
        body: UTF-8, with or without a byte order mark.

    Returns:
        Dicts, lists, str, float, int (of 64 bits at most: larger ones become float), bool and None. The first of
        equal keys counts. A str may hold a lone low surrogate, for RapidJSON lets them pass.

    Raises:
        RequestError: it is not JSON, has a number too big for a double or is nested deeper than `MAX_DEPTH`.
    """
    tokens = Tokens(body)
    position = tokens.skip(len(BYTE_ORDER_MARK) if body.startswith(BYTE_ORDER_MARK) else 0)
    if tokens.at(position) == "\0":
        raise parse_error("The document is empty.", position)
    return _value(tokens, position)


def _value(tokens: Tokens, position: int) -> Any:
    open_: list[tuple[Any, str]] = []  # the containers around the current one, each with the key it stands at
    container: Any = None
    key = ""
    while True:
        char = tokens.at(position)
        if char in "[{":
            if len(open_) == MAX_DEPTH:
                raise parse_error(f"Nesting is deeper than {MAX_DEPTH} levels.", position)
            open_.append((container, key))
            container = [] if char == "[" else {}
            position = tokens.skip(position + 1)
            if tokens.at(position) != _closing(container):
                if char == "{":
                    key, position = _key(tokens, position)
                continue
        elif type(container) is list and (tame := _TAMES.match(tokens.text, position)):
            container.extend(json.loads(f"[{tame[0]}]"))
            position = tokens.skip(tame.end())
        else:
            value, position = tokens.leaf(position)
            if container is None:
                return value
            _attach(container, key, value)
            position = tokens.skip(position)
        # Here a value has ended: close what ends with it.
        while tokens.at(position) == _closing(container):
            value = container
            container, key = open_.pop()
            if container is None:
                return value
            _attach(container, key, value)
            position = tokens.skip(position + 1)
        if tokens.at(position) != ",":
            after = "} after an object member." if type(container) is dict else "] after an array element."
            raise parse_error(f"Missing a comma or {after}", position)
        position = tokens.skip(position + 1)
        if type(container) is dict:
            key, position = _key(tokens, position)


def _key(tokens: Tokens, position: int) -> tuple[str, int]:
    """A member's name, and where its value begins."""
    if tokens.at(position) != '"':
        raise parse_error("Missing a name for object member.", position)
    name, position = tokens.string(position)
    position = tokens.skip(position)
    if tokens.at(position) != ":":
        raise parse_error("Missing a colon after a name of object member.", position)
    return name, tokens.skip(position + 1)


def _closing(container: Any) -> str:
    return "]" if type(container) is list else "}"


def _attach(container: Any, key: str, value: Any) -> None:
    if type(container) is list:
        container.append(value)
    else:
        container.setdefault(key, value)
