"""A request that a signature can answer, made from nothing but the signature, for people to try."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

from .protocol.signature import Signature, TensorSpec

MAX_NUMBERS = 4096
"""A sample with more values than this is nothing to paste."""

_SIDE = 32


def predict_body(name: str, signature: Signature) -> str | None:
    """The body of a predict call of signature `name`, in columnar form.

    Numbers are 1, sizes left open are 1, and a string whose name ends in `_bytes` is a grey PNG of 32x32 pixels. None
    if it would be longer than anybody wants to paste, or if JSON has no values of a dtype.
    """
    inputs = {}
    for key, spec in signature.inputs.items():
        sizes = [max(size, 1) if size else 0 for size in spec.shape or ()]
        leaf = _leaf(key, spec)
        if leaf is None or _count(sizes) > MAX_NUMBERS:
            return None
        inputs[key] = _filled(leaf, sizes)
    return json.dumps({"signature_name": name, "inputs": inputs}, separators=(",", ":"))


def _leaf(name: str, spec: TensorSpec) -> Any:
    if spec.dtype == "DT_STRING":
        return {"b64": base64.b64encode(grey_png()).decode()} if name.endswith("_bytes") else "text"
    if spec.dtype == "DT_BOOL":
        return True
    return None if spec.dtype in ("DT_HALF", "DT_UINT16") else 1


def _filled(leaf: Any, sizes: list[int]) -> Any:
    for size in reversed(sizes):
        leaf = [leaf] * size
    return leaf


def _count(sizes: list[int]) -> int:
    count = 1
    for size in sizes:
        count *= size
    return count


def grey_png() -> bytes:
    """A PNG file of 32x32 grey pixels.

    Source: the PNG specification (W3C), sections 5 and 11.
    """

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * _SIDE) * _SIDE
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
