"""JSON read just as RapidJSON 1.1 reads it, with its words for each fault and the byte where it lies.

It takes some ten times as long as the standard library's reader in C, so `json_reader` turns to it only when that one
cannot tell. It keeps its own stack: no nesting can exhaust Python's.

Source: the grammar and the offsets are those of RapidJSON 1.1's `reader.h` with `kParseNanAndInfFlag` and
`kParseStopWhenDoneFlag`. Otherwise than there, a string that is not UTF-8 is refused ("Invalid encoding in string.",
RapidJSON's words when told to look): raw bytes in a string are a mistake, and `b64` is there for them.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from ...errors import RequestError

MAX_DEPTH = 1000
"""Lists and objects within each other, at most: each costs one byte of a body and some 90 of memory.

The reader in C has a limit of its own, which depends on Python's version; where it is higher, deeper nests pass."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Numbers that no reader could find fault with, and that the standard library may therefore read in one go.
_TAME = r"-?+(?:0|[1-9][0-9]{0,17}+)(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]{1,2}+)?+(?![0-9.eE])"
_TAMES = re.compile(rf"{_TAME}(?:[ \t\n\r]*+,[ \t\n\r]*+{_TAME})*+")

_SPACE = re.compile(r"[ \t\n\r]*+")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*+')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_WORD = re.compile(r"(-)?+(?:(NaN)|Inf(?:inity|(?!i)))")
_NUMBER = re.compile(r"-?+([0-9]*+)(\.[0-9]*+)?+([eE][-+]?+[0-9]*+)?+")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"n": ("null", None), "t": ("true", True), "f": ("false", False)}


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
    tokens = _Tokens(body)
    position = tokens.skip(len(BYTE_ORDER_MARK) if body.startswith(BYTE_ORDER_MARK) else 0)
    if tokens.at(position) == "\0":
        raise _parse_error("The document is empty.", position)
    return _value(tokens, position)


def _value(tokens: _Tokens, position: int) -> Any:
    open_: list[tuple[Any, str]] = []  # the containers around the current one, each with the key it stands at
    container: Any = None
    key = ""
    while True:
        char = tokens.at(position)
        if char in "[{":
            if len(open_) == MAX_DEPTH:
                raise _parse_error(f"Nesting is deeper than {MAX_DEPTH} levels.", position)
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
            raise _parse_error(f"Missing a comma or {after}", position)
        position = tokens.skip(position + 1)
        if type(container) is dict:
            key, position = _key(tokens, position)


def _key(tokens: _Tokens, position: int) -> tuple[str, int]:
    """A member's name, and where its value begins."""
    if tokens.at(position) != '"':
        raise _parse_error("Missing a name for object member.", position)
    name, position = tokens.string(position)
    position = tokens.skip(position)
    if tokens.at(position) != ":":
        raise _parse_error("Missing a colon after a name of object member.", position)
    return name, tokens.skip(position + 1)


def _closing(container: Any) -> str:
    return "]" if type(container) is list else "}"


def _attach(container: Any, key: str, value: Any) -> None:
    if type(container) is list:
        container.append(value)
    else:
        container.setdefault(key, value)


def _parse_error(text: str, offset: int) -> RequestError:
    """The refusal of a body with a fault at byte `offset`."""
    return RequestError(f"JSON Parse error: {text} at offset: {offset}")


class _Tokens:
    """A body, one character for each byte so that offsets agree, and what reads a token of it.

    Each reader takes the token's position and gives its value with the position after it, or raises `RequestError`.
    """

    def __init__(self, body: bytes) -> None:
        self.text = body.decode("latin-1")

    def at(self, position: int) -> str:
        """The character there; NUL at the end, where RapidJSON sees one too."""
        return self.text[position] if position < len(self.text) else "\0"

    def skip(self, position: int) -> int:
        """Where the white space that begins at `position` ends."""
        match = _SPACE.match(self.text, position)
        return match.end() if match else position

    def leaf(self, position: int) -> tuple[Any, int]:
        """A value that is neither list nor object."""
        char = self.at(position)
        if char == '"':
            return self.string(position)
        if char in _WORDS:
            word, value = _WORDS[char]
            for offset, letter in enumerate(word, position):
                if self.at(offset) != letter:
                    raise _parse_error("Invalid value.", offset)
            return value, position + len(word)
        return self.number(position)

    def number(self, position: int) -> tuple[float, int]:
        """An int if it is written as one and fits 64 bits, else a float."""
        match = _NUMBER.match(self.text, position)
        digits = match[1] if match else ""
        if not match or not digits:
            return self._word(position)
        if digits[0] == "0" and len(digits) > 1:  # the number is the zero; what follows it is a fault of the list's
            return 0, match.start(1) + 1
        if match[2] == ".":
            raise _parse_error("Miss fraction part in number.", match.end(2))
        if match[3] and not match[3][-1].isdigit():
            raise _parse_error("Miss exponent in number.", match.end(3))
        if not match[2] and not match[3] and len(digits) <= 20 and -(2**63) <= (whole := int(match[0])) < 2**64:
            return whole, match.end()
        number = math.inf if len(digits) > 309 and not match[3] else float(match[0])
        if math.isinf(number):
            raise _parse_error("Number too big to be stored in double.", position)
        return number, match.end()

    def _word(self, position: int) -> tuple[float, int]:
        """`NaN`, `Inf` or `Infinity`, where no number is."""
        match = _WORD.match(self.text, position)
        if match:
            number = math.nan if match[2] else math.inf
            return (-number if match[1] else number), match.end()
        offset = position + (self.at(position) == "-")
        for word in ("NaN", "Infinity"):
            if self.at(offset) == word[0]:
                offset += next(i for i, letter in enumerate(word) if self.at(offset + i) != letter)
                break
        raise _parse_error("Invalid value.", offset)

    def string(self, position: int) -> tuple[str, int]:
        """A string, from its opening quotation mark."""
        pieces = []
        position += 1
        while True:
            plain = _PLAIN.match(self.text, position)
            end = plain.end() if plain else position
            pieces.append(self._decode(position, end))
            char = self.at(end)
            if char == '"':
                return "".join(pieces), end + 1
            if char == "\0":
                raise _parse_error("Missing a closing quotation mark in string.", end)
            if char != "\\":
                raise _parse_error("Invalid escape character in string.", end)
            piece, position = self._escape(end)
            pieces.append(piece)

    def _decode(self, start: int, end: int) -> str:
        raw = self.text[start:end]
        if raw.isascii():
            return raw
        try:
            return raw.encode("latin-1").decode()
        except UnicodeDecodeError as error:
            raise _parse_error("Invalid encoding in string.", start + error.start) from None

    def _escape(self, position: int) -> tuple[str, int]:
        """What the escape sequence at `position` stands for; faults are put down to its backslash."""
        letter = self.at(position + 1)
        if letter in _ESCAPES:
            return _ESCAPES[letter], position + 2
        if letter != "u":
            raise _parse_error("Invalid escape character in string.", position)
        code, end = self._code_unit(position, position)
        if not 0xD800 <= code < 0xDC00:
            return chr(code), end
        fault = _parse_error("The surrogate pair in string is invalid.", position)
        if self.text[end : end + 2] != "\\u":
            raise fault
        low, end = self._code_unit(end, position)
        if not 0xDC00 <= low < 0xE000:
            raise fault
        return chr(0x10000 + ((code - 0xD800) << 10 | (low - 0xDC00))), end

    def _code_unit(self, position: int, blamed: int) -> tuple[int, int]:
        digits = _HEX.match(self.text, position + 2)
        if not digits:
            raise _parse_error("Incorrect hex digit after \\u escape in string.", blamed)
        return int(digits[0], 16), digits.end()
