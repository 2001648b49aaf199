"""A request's verb and path: which method is called on which model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from ...errors import RequestError
from ...exported import MOST_VERSION

_VERSION = r"(?:/versions/([0-9]+)|/labels/([^/:]+))?"
_FLAGS = re.ASCII | re.IGNORECASE
_CALL = re.compile(rf"/v1/models/([^/:]+){_VERSION}:(classify|regress|predict)", _FLAGS)
_ASK = re.compile(rf"/v1/models(?:/([^/:]+))?{_VERSION}(?:/(metadata))?", _FLAGS)
_WITHIN = re.compile(r"/v1/.*", _FLAGS | re.DOTALL)


@dataclass(frozen=True)
class Route:
    """The call that a request makes.

    Attributes:
        method: `predict`, `classify`, `regress`, `status` or `metadata`.
        model: the model's name, percent-decoded.
        version: the version's number, None for the newest.
        label: the version's label, percent-decoded; None together with a version.
    """

    method: str
    model: str
    version: int | None = None
    label: str | None = None


def is_within(path: str) -> bool:
    """Whether a path belongs to the API; any other is answered with a 404 that is not JSON."""
    return _WITHIN.fullmatch(path) is not None


def parse_path(verb: str, path: str) -> Route:
    """Read a request's verb and path.

    Paths are matched without regard to case, but the word of the method must then be in small letters. The query is
    part of the path.

    Otherwise than in TensorFlow Serving, whose answer is empty then, a version past int64 is told why it is refused.

    Args:
        verb: `GET`, `POST`, ...; OPTIONS is answered before it comes here.
        path: as it was sent, percent-encoded, query included.

    Raises:
        RequestError: there is no such call, the model's name is missing or the version is past int64.

    Source: TensorFlow Serving's REST API and its `http_rest_api_handler`, by behaviour.
    """
    pattern = {"POST": _CALL, "GET": _ASK}.get(verb)
    match = pattern.fullmatch(path) if pattern else None
    if match:
        model, version, label, word = match.groups()
        if word is None or word.islower():
            if model is None:
                raise RequestError("Missing model name in request.")
            return Route(word or "status", unquote(model), _number(version), None if label is None else unquote(label))
    raise RequestError(f"Malformed request: {verb} {path}")


def _number(digits: str | None) -> int | None:
    if digits is None:
        return None
    # Python takes quadratic time for long numbers, and refuses very long ones.
    plain = digits.lstrip("0") or "0"
    if len(plain) > 19 or int(plain) > MOST_VERSION:
        raise RequestError(f"Failed to convert version: {digits} to numeric.")
    return int(plain)
