"""A JSON value in an error message: what it is called and how it looks, cut short."""

from __future__ import annotations

import json
from typing import Any

from ...errors import RequestError

LIMIT = 256
"""Characters of the client's JSON that an error message repeats, about."""

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_TYPES = {type(None): "Null", dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}


def type_word(value: Any) -> str:
    """What RapidJSON calls the type: a boolean's is its value."""
    return str(value) if isinstance(value, bool) else _TYPES[type(value)]


def echo(value: Any) -> str:
    """The value as JSON, its beginning if it is long; the time taken does not depend on its length."""
    if isinstance(value, str):
        value = value[: LIMIT + 1]
    text = ""
    for piece in _ENCODER.iterencode(value):  # one level for each bracket written, so never deep
        text += piece[: LIMIT + 1]
        if len(text) > LIMIT:
            return text[:LIMIT] + "..."
    return text


def refused(value: Any, why: str) -> RequestError:
    """The refusal of a JSON value, which is repeated in front."""
    return RequestError(f"JSON Value: {echo(value)} {why}")
