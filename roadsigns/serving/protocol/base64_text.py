"""Base64 as TensorFlow Serving takes it: the standard alphabet, padded or not, white space anywhere."""

from __future__ import annotations

import binascii
from typing import Any

from ...errors import RequestError

_WHITE = str.maketrans("", "", " \t\n\v\f\r")


def is_binary(value: Any) -> bool:
    """Whether a JSON value is an object that stands for bytes: `{"b64": TEXT}` and nothing else."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def decode(text: str) -> bytes:
    """The bytes that `text` stands for.

    Complete padding or none; a dot is an equals sign. Bits left over at the end are not looked at.

    Raises:
        RequestError: it is not base64 of that kind.

    Source: Abseil's `Base64Unescape`, by its documented behaviour.
    """
    try:
        return _decode(text)
    except ValueError:  # binascii.Error, or a character beyond ASCII
        pass
    try:
        return _decode(text.translate(_WHITE).replace(".", "="))
    except ValueError:
        raise RequestError("Unable to base64 decode") from None


def _decode(text: str) -> bytes:
    plain = text.rstrip("=")
    padding = "=" * (-len(plain) % 4)
    if len(text) not in (len(plain), len(plain) + len(padding)):  # Python's strict mode lets some of these pass
        raise ValueError("partial padding")
    return binascii.a2b_base64(plain + padding, strict_mode=True)
