"""Classify and regress calls: their examples are read, and then refused where the signature is not made for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import RequestError
from ...exported import DEFAULT_SIGNATURE
from . import tensors
from .predict_request import Body, parse_body
from .refusals import refused, type_word
from .signature import Signature


@dataclass(frozen=True)
class Feature:
    """One feature of an example.

    Attributes:
        kind: `int64`, `float` or `bytes`; empty if there are no values.
        values: int, float (of float32's precision) or bytes.
    """

    kind: str
    values: tuple[int, ...] | tuple[float, ...] | tuple[bytes, ...]


Example = dict[str, Feature]


@dataclass(frozen=True)
class Examples:
    """The body of a classify or regress call.

    Attributes:
        signature_name: the signature asked for, `""` for the default one.
        examples: one or more.
        context: features that all examples share; None if there are none.
    """

    signature_name: str
    examples: tuple[Example, ...]
    context: Example | None = None


def parse_examples(body: bytes, method: str) -> Examples:
    """Read the body of a classify or regress call; this comes before the model is looked up.

    Args:
        body: the request's body, unpacked.
        method: `classify` or `regress`, for the message.

    Raises:
        RequestError: it is not JSON, or not a list of examples.

    Source: TensorFlow Serving's REST API, "Classify and Regress API".
    """
    read = parse_body(body, numbers=False)
    request = read.document.value
    confirm = read.document.confirm
    context = _example(request["context"], confirm) if "context" in request else None
    if "examples" not in request:
        raise refused(request, f"When method is {method}, key 'examples' is expected and was not found")
    examples = request["examples"]
    if not isinstance(examples, list):
        raise refused(request, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise refused(request, "'examples' value is an empty array")
    return Examples(read.signature_name, tuple(_example(each, confirm) for each in examples), context)


def read_examples(body: Body, method: str) -> str:
    """Read a classify or regress call, and tell the signature's name.

    Raises:
        RequestError: the body is refused.
    """
    return parse_examples(body.unpacked(), method).signature_name or DEFAULT_SIGNATURE


def refuse(method: str, signature: Signature) -> RequestError:
    """Why `signature` cannot be called for `method`, in TensorFlow Serving's words where it would refuse as well."""
    noun = {"classify": "classification", "regress": "regression"}[method]
    if len(signature.inputs) != 1:
        return RequestError("Expected one input Tensor.")
    if method == "classify" and len(signature.outputs) not in (1, 2):
        return RequestError(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    if method == "regress" and len(signature.outputs) != 1:
        return RequestError("Expected one output Tensor.")
    if signature.method_name != f"tensorflow/serving/{method}":
        return RequestError(
            f"Expected {noun} signature method_name to be tensorflow/serving/{method}. Was: {signature.method_name}"
        )
    return RequestError(f"This server does not {method}; call predict", "UNIMPLEMENTED")


def _example(value: Any, confirm: Callable[[], None]) -> Example:
    if not isinstance(value, dict):
        raise RequestError(f"Example must be JSON object but got JSON {type_word(value)}")
    return {
        name: _feature(name, content if isinstance(content, list) else [content], confirm)
        for name, content in value.items()
    }


def _feature(name: str, contents: list[Any], confirm: Callable[[], None]) -> Feature:
    kind = ""
    values = []
    for content in contents:
        own, value = _value(name, content, confirm)
        if kind not in ("", own):
            raise RequestError(f"Unexpected element type in feature: {name} expecting type: {kind}")
        kind = own
        values.append(value)
    return Feature(kind, tuple(values))


def _value(name: str, content: Any, confirm: Callable[[], None]) -> tuple[str, Any]:
    """A value of a feature, and the kind it makes the feature."""
    if isinstance(content, str):
        return "bytes", content.encode("utf-8", "surrogatepass")
    if tensors.is_binary(content):
        return "bytes", tensors.decode_base64(content["b64"])
    if content is None or isinstance(content, (list, dict)):
        raise RequestError(f"Feature: {name} has element with unexpected JSON type: {type_word(content)}")
    if isinstance(content, int) and -(2**63) <= content < 2**64:
        if content >= 2**63:
            raise RequestError(f"Feature: {name} has uint64 element. Only int64 is supported.")
        return "int64", int(content)
    try:
        wide = float(content)
    except OverflowError:  # an integer that no double holds
        confirm()
        raise RequestError("JSON Parse error: Number too big to be stored in double.") from None
    if wide in (float("inf"), float("-inf")):
        confirm()
    with np.errstate(over="ignore", under="ignore"):
        return "float", float(np.float32(wide))
