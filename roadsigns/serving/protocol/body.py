"""The body of a call to what a model is fed: no model is needed for it, so that another process can do it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import RequestError
from ...exported import DEFAULT_SIGNATURE
from . import limits
from .examples import parse_examples
from .predict_request import Form, parse_body
from .refusals import unknown_signature
from .signature import Signature
from .tensors import Array

_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Body:
    """A body as it was sent.

    Attributes:
        content: its bytes.
        packed: whether it is said to be gzip.
        max_bytes: what it may unpack to.
    """

    content: bytes
    packed: bool
    max_bytes: int

    def unpacked(self) -> bytes:
        """The bytes that were meant.

        What is said to be gzip and is not, is cut off or has something behind it counts as empty, as in TensorFlow
        Serving.

        Raises:
            RequestError: they are more than `max_bytes`, or far more JSON values than were sent.
        """
        text = self._unpack() if self.packed else self.content
        limits.check_values(text, len(self.content))
        return text

    def _unpack(self) -> bytes:
        member = zlib.decompressobj(_GZIP)
        try:
            text = member.decompress(self.content, self.max_bytes + 1)
        except zlib.error:
            return b""
        if len(text) > self.max_bytes:
            raise RequestError(f"The body unpacks to more than {self.max_bytes} bytes (--max_request_bytes)")
        return text if member.eof and not member.unused_data else b""


@dataclass(frozen=True)
class Read:
    """A predict call that was read.

    Attributes:
        signature_name: the signature that is called.
        inputs: arrays by input name.
        form: of the answer.
    """

    signature_name: str
    inputs: dict[str, Array]
    form: Form


def read_predict(body: Body, signatures: Mapping[str, Signature] | None, max_pixels: int) -> Read | None:
    """Read a predict call.

    Args:
        body: what was sent.
        signatures: the model's; None if there is no such model, which is told only of a body that is JSON.
        max_pixels: of all pictures together.

    Returns:
        What to feed, None without a model.

    Raises:
        RequestError: the body is refused, at the first check that it fails.
    """
    parsed = parse_body(body.unpacked())
    if signatures is None:
        return None
    name = parsed.signature_name or DEFAULT_SIGNATURE
    if name not in signatures:
        raise unknown_signature(name)
    inputs, form = parsed.arrays(signatures[name])
    limits.check(inputs, signatures[name], len(body.content), max_pixels)
    return Read(name, inputs, form)


def read_examples(body: Body, method: str) -> str:
    """Read a classify or regress call, and tell the signature's name.

    Raises:
        RequestError: the body is refused.
    """
    return parse_examples(body.unpacked(), method).signature_name or DEFAULT_SIGNATURE
