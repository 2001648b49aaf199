"""The body of a predict call to the arrays that a model is fed: unpacked, read, laid out in rows or columns, limited.

No model is needed for it, so that another process can do it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ...errors import RequestError
from ...exported import DEFAULT_SIGNATURE
from . import json_reader, limits, tensors
from .refusals import echo, refused, unknown_signature
from .signature import Signature
from .tensors import Array

_GZIP = 16 + zlib.MAX_WBITS
_UNLIKE = "The instances are not all of one kind"


class Form(Enum):
    """How a request lays out its tensors, and therefore how the answer does."""

    ROW = "predictions"
    COLUMNS = "outputs"


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
        """The bytes of the body after gzip.

        A body that is said to be gzip counts as empty if it is none, is cut off or has something behind it, as in
        TensorFlow Serving.

        Raises:
            RequestError: the bytes are more than `max_bytes`, or hold far more JSON values than bytes were sent.
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


@dataclass(frozen=True)
class PredictBody:
    """A body that is JSON, not yet looked into.

    Attributes:
        document: what was read; its value is an object.
        signature_name: the signature asked for, `""` for the default one.
    """

    document: json_reader.Document
    signature_name: str

    def arrays(self, signature: Signature) -> tuple[dict[str, Array], Form]:
        """The arrays to feed `signature`, by input name, and the form of the answer.

        Shapes are those of the request, in row form with the batch in front; the model checks them. Strings are
        `bytes` in object arrays. Time is linear in the body's size.

        Raises:
            RequestError: the body does not fit the signature, says where.

        Source: TensorFlow Serving's REST API, "Predict API".
        """
        request: dict[str, Any] = self.document.value
        if not signature.inputs:
            raise RequestError(f"Failed to get input map for signature: {self.signature_name or 'DEFAULT'}")
        if "instances" in request and "inputs" in request:
            raise refused(
                request, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"
            )
        if "inputs" in request:
            return self._columns(request["inputs"], signature), Form.COLUMNS
        if "instances" not in request:
            raise RequestError("Missing 'inputs' or 'instances' key")
        instances = request["instances"]
        if not isinstance(instances, list):
            raise refused(request, "Expecting 'instances' to be an list/array")
        if not instances:
            raise refused(request, "No values in 'instances' array")
        return _rows(instances, signature, self.document.confirm), Form.ROW

    def _columns(self, inputs: Any, signature: Signature) -> dict[str, Array]:
        if not isinstance(inputs, dict) or tensors.is_binary(inputs):
            if len(signature.inputs) > 1:
                raise RequestError(
                    "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                    "tensorinfo_map"
                )
            inputs = dict.fromkeys(signature.inputs, inputs)
        made = {}
        for name, spec in signature.inputs.items():
            if name not in inputs:
                raise RequestError(f"Missing named input: {name} in 'inputs' object.")
            made[name] = tensors.tensor(inputs[name], spec, self.document.confirm)
        return made


def parse_body(body: bytes, *, numbers: bool = True) -> PredictBody:
    """Read a body of any call as far as every call has it: a JSON object, perhaps with a signature's name.

    Args:
        body: the request's body, unpacked.
        numbers: whether a large array may come as `Numbers`; `PredictBody.arrays` knows them.

    Raises:
        RequestError: it is not JSON, not an object, or its signature's name is not a string.
    """
    document = (json_reader.read_numbers(body) if numbers else None) or json_reader.read(body)
    request = document.value
    if not isinstance(request, dict):
        raise refused(request, "Is not object")
    name = request.get("signature_name", "")
    if not isinstance(name, str):
        raise refused(request, "not formatted correctly. 'signature_name' key must be a string value.")
    return PredictBody(document, name)


def _rows(instances: list[Any], signature: Signature, confirm: Callable[[], None]) -> dict[str, Array]:
    """Turn a list of instances into batches.

    Args:
        instances: one or more.
        signature: its inputs are wanted, each with as many rows as there are instances.
        confirm: as for `tensors.tensor`.

    Raises:
        RequestError: an instance does not fit the signature or its neighbours; says which.
    """
    first = instances[0]
    if len(signature.inputs) > 1 and not _is_named(first):
        raise RequestError(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    try:
        columns = _by_name(instances, signature)
        return {name: tensors.tensor(columns[name], spec, confirm) for name, spec in signature.inputs.items()}
    except RequestError:
        _refuse_first(instances, signature)
        raise  # each row is in order by itself: it is a number too big, or too many levels


def _by_name(instances: list[Any], signature: Signature) -> dict[str, list[Any]]:
    """The values of each input, if all instances have the same form."""
    names = signature.inputs.keys()
    if not _is_named(instances[0]):
        if any(map(_is_named, instances)):
            raise RequestError(_UNLIKE)
        [name] = names
        return {name: instances}
    if not all(_is_named(each) and each.keys() == names for each in instances):
        raise RequestError(_UNLIKE)
    return {name: [each[name] for each in instances] for name in names}


def _refuse_first(instances: list[Any], signature: Signature) -> None:
    """Go through the instances in order, and refuse the first thing that does not belong."""
    named = _is_named(instances[0])
    seen: dict[str, tuple[int, tuple[int, ...]]] = {}
    for index, instance in enumerate(instances):
        if _is_named(instance) != named:
            kinds = "object but got list" if named else "value/list but got object"
            raise RequestError(f"Expecting {kinds} at item {index} of input list")
        values = instance if named else dict.fromkeys(signature.inputs, instance)
        for name, value in values.items():
            try:
                _refuse_item(name, value, signature, seen)
            except RequestError as error:
                key = f" key: {name}" if named else ""
                raise RequestError(
                    f"Failed to process element: {index}{key} of 'instances' list. Error: {error.code}: {error.message}"
                ) from None
        if values.keys() != signature.inputs.keys():
            raise RequestError(
                f"Failed to process element: {index} of 'instances' list. JSON object: {echo(instance)} "
                f"keys must be equal to: {','.join(sorted(signature.inputs))}"
            )


def _refuse_item(name: str, value: Any, signature: Signature, seen: dict[str, tuple[int, tuple[int, ...]]]) -> None:
    if name not in signature.inputs:
        raise RequestError(f"JSON object: does not have named input: {name}")
    shape = tensors.shape_of(value)
    size = tensors.check(value, signature.inputs[name])
    first_size, first_shape = seen.setdefault(name, (size, shape))
    if size != first_size:
        raise RequestError(f"Expecting tensor size: {first_size} but got: {size}")
    if shape != first_shape:
        raise RequestError(f"Expecting shape {_brackets(first_shape)} but got: {_brackets(shape)}")


def _brackets(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _is_named(instance: Any) -> bool:
    return isinstance(instance, dict) and not tensors.is_binary(instance)
