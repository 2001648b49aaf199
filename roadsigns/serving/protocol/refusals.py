"""What a client is told of a model, version, label or signature that is not there, and of a JSON value that is refused.

The words are TensorFlow Serving's own.
"""

from __future__ import annotations

import json
from typing import Any

from ...errors import RequestError
from ...exported import DEFAULT_SIGNATURE

LIMIT = 256
"""Characters of the client's JSON that an error message repeats, about."""

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_TYPES = {type(None): "Null", dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}


def servable_not_found(model: str, version: int | None = None) -> RequestError:
    """A call for a model or version that is not served."""
    asked = f"Latest({model})" if version is None else f"Specific({model}, {version})"
    return RequestError(f"Servable not found for request: {asked}", "NOT_FOUND")


def no_status(model: str, version: int | None = None) -> RequestError:
    """A status call for a model or version that has never been served."""
    asked = "any versions" if version is None else f"version {version}"
    return RequestError(f"Could not find {asked} of model {model}", "NOT_FOUND")


def unknown_label(label: str) -> RequestError:
    """A label that no version bears."""
    return RequestError(f"Unrecognized servable version label: {label}")


def unknown_signature(name: str, method: str = "predict") -> RequestError:
    """A signature that the model lacks; `classify` and `regress` have words of their own."""
    name = name or DEFAULT_SIGNATURE
    if method == "predict":
        return RequestError(f'Serving signature name: "{name}" not found in signature def')
    return RequestError(f"No signature was found with the name: {name}")


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
