"""The requests stored with a version that run before it is offered.

Source: TensorFlow Serving's SavedModel warm-up guide; TensorFlow's TFRecord format, whose checksums are not looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ModelError, RequestError
from ...exported import DEFAULT_SIGNATURE, WARMUP
from ..protocol.tensors import Array

if TYPE_CHECKING:
    from .servable import Servable

_MOST = 1000
"""As many as TensorFlow Serving runs."""

_MOST_BYTES = 2**30
"""Room that an input may take."""


def warm_up(servable: Servable) -> int:
    """Run each stored predict request twice: as one of a client, and by the engine's way for requests that drop units.

    Returns:
        How many requests were stored.

    Raises:
        ModelError: the file is damaged, or the model refuses a request.
    """
    count = 0
    for name, inputs in _requests(servable.path / WARMUP):
        count += 1
        try:
            servable.run(name, inputs)
            servable.engine.run(name or DEFAULT_SIGNATURE, inputs)
        except RequestError as error:
            raise ModelError(f"Warm-up request {count} of {str(servable.path)!r} fails: {error}") from error
    return count


def _requests(path: Path) -> Iterator[tuple[str, dict[str, Array]]]:
    """Signature and inputs of each predict request in the file; nothing where there is no file."""
    if not path.is_file():
        return
    from google.protobuf.message import DecodeError

    from .. import tensor_proto
    from ..protos import prediction_log_pb2

    try:
        for record in _records(path.read_bytes()):
            log: Any = prediction_log_pb2.PredictionLog.FromString(record)
            if log.WhichOneof("log_type") == "predict_log":
                request = log.predict_log.request
                inputs = {name: tensor_proto.to_array(tensor, _MOST_BYTES) for name, tensor in request.inputs.items()}
                yield request.model_spec.signature_name, inputs
    except (OSError, DecodeError, ValueError, TypeError, RequestError) as error:
        raise ModelError(f"{str(path)!r} is damaged: {error}. Export the model again") from error


def _records(data: bytes) -> Iterator[bytes]:
    """The records of a TFRecord file: before each its length and the checksum of that, after it its own checksum."""
    at = 0
    for _ in range(_MOST):
        if at >= len(data):
            return
        if at + 12 > len(data):
            raise ValueError("it ends within a record")
        (length,) = struct.unpack_from("<Q", data, at)
        at += 12
        if at + length + 4 > len(data):
            raise ValueError("it ends within a record")
        yield data[at : at + length]
        at += length + 4
