"""TensorProto messages to NumPy arrays and back, without making room for what a message only claims to hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import RequestError
from .protocol.signature import NUMPY
from .protocol.tensors import MAX_RANK, Array
from .protos import types_pb2

# Where a message keeps typed values; the 16 bits of a half are in an int32.
_FIELDS = {
    "DT_FLOAT": "float_val",
    "DT_DOUBLE": "double_val",
    "DT_HALF": "half_val",
    "DT_INT8": "int_val",
    "DT_INT16": "int_val",
    "DT_INT32": "int_val",
    "DT_INT64": "int64_val",
    "DT_UINT8": "int_val",
    "DT_UINT16": "int_val",
    "DT_UINT32": "uint32_val",
    "DT_UINT64": "uint64_val",
    "DT_BOOL": "bool_val",
    "DT_STRING": "string_val",
}
_PACKED = ("DT_FLOAT", "DT_DOUBLE")
_NAMES = {np.dtype(kind): name for name, kind in NUMPY.items()}


def dtype_name(proto: Any) -> str:
    """TensorFlow's name of a message's dtype, `DT_FLOAT`; of one that we do not know, its number."""
    values = types_pb2.DataType.DESCRIPTOR.values_by_number
    return str(values[proto.dtype].name) if proto.dtype in values else str(proto.dtype)


def to_array(proto: Any, max_bytes: int) -> Array:
    """Read a TensorProto.

    Values come as `tensor_content` (little-endian) or as typed values; if there are too few of these the last one
    fills the rest, and none at all means zeros or empty strings.

    Args:
        proto: the message.
        max_bytes: room that the array may take; for strings, eight bytes each.

    Returns:
        A new array, or one on the message's own memory that must not be written to; strings as `bytes` in an object
        array.

    Raises:
        RequestError: the message contradicts itself, or claims a larger shape than `max_bytes` allows.

    Source: TensorFlow's `tensor.proto`, and what `Tensor::FromProto` makes of it.
    """
    name = dtype_name(proto)
    if name not in NUMPY:
        raise RequestError(f"tensor parsing error: dtype {name} is not supported")
    dtype = np.dtype(NUMPY[name])
    shape = _shape(proto)
    count = math.prod(shape)
    claimed = math.prod(size or 1 for size in shape)  # NumPy has no shape like (0, 2**62) either
    if claimed * dtype.itemsize > max_bytes:
        raise RequestError(f"tensor parsing error: shape {list(shape)} is larger than {max_bytes} bytes")
    if proto.tensor_content:
        if name == "DT_STRING":
            raise RequestError("tensor parsing error: expected strings as string_val, not as tensor_content")
        if len(proto.tensor_content) != count * dtype.itemsize:
            raise RequestError(
                f"tensor parsing error: {len(proto.tensor_content)} bytes of tensor_content do not make {list(shape)} "
                f"of {dtype.name}"
            )
        return np.frombuffer(proto.tensor_content, dtype.newbyteorder("<")).astype(dtype, copy=False).reshape(shape)
    values = getattr(proto, _FIELDS[name])
    if len(values) > count:
        raise RequestError(f"tensor parsing error: {len(values)} values are more than {list(shape)} holds")
    if name in _PACKED:
        return _repeated(_unpacked(proto, name), count).reshape(shape)
    return _filled(values, name, count).reshape(shape)


def _unpacked(proto: Any, name: str) -> Array:
    """Typed values of a fixed size, without making a Python object of each: they are the end of such a message."""
    alone = type(proto)()
    getattr(alone, _FIELDS[name]).MergeFrom(getattr(proto, _FIELDS[name]))
    dtype = np.dtype(NUMPY[name])
    size = len(getattr(alone, _FIELDS[name])) * dtype.itemsize
    encoded = alone.SerializeToString()
    values = np.frombuffer(encoded, dtype.newbyteorder("<"), offset=len(encoded) - size).astype(dtype, copy=False)
    return values if size else np.zeros(1, dtype)


def _shape(proto: Any) -> tuple[int, ...]:
    dims = proto.tensor_shape.dim
    if proto.tensor_shape.unknown_rank or len(dims) > MAX_RANK:
        raise RequestError(f"tensor parsing error: expected a shape of at most {MAX_RANK} known sizes")
    shape = tuple(dim.size for dim in dims)
    if min(shape, default=0) < 0:
        raise RequestError(f"tensor parsing error: expected sizes of 0 and more. Received: {list(shape)}")
    return shape


def _filled(values: Any, name: str, count: int) -> Array:
    """The typed values, the last of them repeated."""
    given = list(values)
    dtype = NUMPY[name]
    if name == "DT_STRING":
        array = np.full(count, given[-1] if given else b"", np.object_)
        array[: len(given)] = given
        return array
    if name == "DT_HALF":
        bits = np.array(given or [0], np.int64).astype(np.uint16)
        return _repeated(bits, count).view(np.float16)
    if name in ("DT_UINT32", "DT_UINT64", "DT_BOOL"):
        return _repeated(np.array(given or [0], dtype), count)
    return _repeated(np.array(given or [0], np.int64).astype(dtype), count)  # cut to size, as TensorFlow does


def _repeated(array: Array, count: int) -> Array:
    if len(array) >= count:
        return array[:count]
    whole = np.full(count, array[-1], array.dtype)
    whole[: len(array)] = array
    return whole


def from_array(array: Array, proto: Any) -> None:
    """Write an array into an empty TensorProto, as typed values: TensorFlow Serving's own way, which clients rely on.

    Raises:
        RequestError: of its dtype there are no tensors.
    """
    name = "DT_STRING" if array.dtype.kind in "OSU" else _NAMES.get(array.dtype)
    if name is None:
        raise RequestError(f"An output of dtype {array.dtype.name} cannot be sent", "INTERNAL")
    proto.dtype = types_pb2.DataType.Value(name)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    flat = array.reshape(-1)
    if name == "DT_STRING":
        values = [each.encode() if isinstance(each, str) else bytes(each) for each in flat.tolist()]
    else:
        values = (flat.view(np.uint16) if name == "DT_HALF" else flat).tolist()
    getattr(proto, _FIELDS[name]).extend(values)
