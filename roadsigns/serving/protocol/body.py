"""The body of a call to what a model is fed: no model is needed for it, so that another process can do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...exported import DEFAULT_SIGNATURE
from . import picture_limits
from .examples import parse_examples
from .gunzip import gunzip
from .predict_request import Form, parse_body
from .refusals import unknown_signature
from .signature import Signature
from .tensors import Array


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
        """The bytes that were meant."""
        return gunzip(self.content, self.max_bytes) if self.packed else self.content


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
    picture_limits.check(inputs, max_pixels)
    return Read(name, inputs, form)


def read_examples(body: Body, method: str) -> str:
    """Read a classify or regress call, and tell the signature's name.

    Raises:
        RequestError: the body is refused.
    """
    return parse_examples(body.unpacked(), method).signature_name or DEFAULT_SIGNATURE
