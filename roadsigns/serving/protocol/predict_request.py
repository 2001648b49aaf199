"""A predict call's body: which signature it wants and, once that is known, the arrays to feed it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ...errors import RequestError
from . import base64_text, json_numbers, json_reader, row_format, tensors
from .refusals import refused
from .signature import Signature
from .tensors import Array


class Form(Enum):
    """How a request lays out its tensors, and therefore how the answer does."""

    ROW = "predictions"
    COLUMNS = "outputs"


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
        return row_format.arrays(instances, signature, self.document.confirm), Form.ROW

    def _columns(self, inputs: Any, signature: Signature) -> dict[str, Array]:
        if not isinstance(inputs, dict) or base64_text.is_binary(inputs):
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
    document = (json_numbers.read(body) if numbers else None) or json_reader.read(body)
    request = document.value
    if not isinstance(request, dict):
        raise refused(request, "Is not object")
    name = request.get("signature_name", "")
    if not isinstance(name, str):
        raise refused(request, "not formatted correctly. 'signature_name' key must be a string value.")
    return PredictBody(document, name)
