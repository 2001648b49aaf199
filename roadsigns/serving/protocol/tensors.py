"""One tensor: nested JSON lists to a NumPy array of the dtype that a signature asks for.

Strings that are bytes come as base64, as TensorFlow Serving takes it: the standard alphabet, padded or not, white space
anywhere.
"""

from __future__ import annotations

import binascii
import itertools
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from ...errors import RequestError
from .json_reader import Numbers
from .refusals import echo, refused, type_word
from .signature import NUMPY, TensorSpec

Array = npt.NDArray[Any]

MAX_RANK = 32
"""Axes an array can have in every version of NumPy."""

_WHITE = str.maketrans("", "", " \t\n\v\f\r")
_FLOATS = ("DT_FLOAT", "DT_DOUBLE")
_INT32 = (-(2**31), 2**31 - 1)
_RANGES = {
    "DT_INT8": _INT32,  # these four are checked as int32 and then cut to size, as TensorFlow Serving does
    "DT_INT16": _INT32,
    "DT_INT32": _INT32,
    "DT_UINT8": _INT32,
    "DT_INT64": (-(2**63), 2**63 - 1),
    "DT_UINT32": (0, 2**32 - 1),
    "DT_UINT64": (0, 2**64 - 1),
}


def tensor(value: Any, spec: TensorSpec, confirm: Callable[[], None]) -> Array:
    """Turn a JSON value into an array in time linear in its size.

    Args:
        value: a number, string, boolean or `{"b64": TEXT}`, or lists of them, nested as deep as the tensor's rank; or
            `Numbers`.
        spec: gives the dtype; its shape is the model's to check.
        confirm: called on an infinite number, see `json_reader.Document`.

    Returns:
        Shape as written; strings as `bytes` in an object array. A number too big for a float32 is infinite there.

    Raises:
        RequestError: a ragged list, a value of another type or out of range, or more than `MAX_RANK` levels.
    """
    if isinstance(value, Numbers) and spec.dtype in _FLOATS:
        return _cut(value.doubles, NUMPY[spec.dtype]).reshape(value.shape)
    flat, shape = (value.flat, value.shape) if isinstance(value, Numbers) else _flatten(value)
    if flat is None or not _fits(flat, spec.dtype):
        value = value.lists() if isinstance(value, Numbers) else value
        check(value, spec)
        # What passes is an empty list for a dtype that JSON has no values of.
        raise RequestError(f"Conversion of JSON Value: {echo(value)} to type: {spec.dtype_word}", "UNIMPLEMENTED")
    if spec.dtype == "DT_STRING":
        array = np.empty(len(flat), np.object_)
        array[:] = [_bytes(leaf) for leaf in flat]
    elif spec.dtype in _FLOATS:
        array = _floats(flat, NUMPY[spec.dtype], confirm)
    elif spec.dtype == "DT_BOOL":
        array = np.array(flat, np.bool_)
    else:
        wide = np.uint64 if spec.dtype == "DT_UINT64" else np.int64
        array = np.array(flat, wide).astype(NUMPY[spec.dtype])
    return array.reshape(shape)


def _flatten(value: Any) -> tuple[list[Any] | None, tuple[int, ...]]:
    """The leaves in order and the shape; None for the leaves where the lists of a level are not of one kind."""
    shape: list[int] = []
    level = [value]
    while level and isinstance(level[0], list):
        if set(map(type, level)) != {list} or len(sizes := set(map(len, level))) != 1:
            return None, ()
        shape += sizes
        if len(shape) > MAX_RANK:
            raise refused(value, f"has more than {MAX_RANK} levels of lists")
        level = list(itertools.chain.from_iterable(level))
    return level, tuple(shape)


def _fits(flat: list[Any], dtype: str) -> bool:
    kinds = set(map(type, flat))
    if dtype in _FLOATS:
        return kinds <= {float, int}
    if dtype == "DT_STRING":
        return kinds <= {str} or (kinds <= {str, dict} and all(map(_is_bytes, flat)))
    if dtype == "DT_BOOL":
        return kinds <= {bool}
    if dtype not in _RANGES or not kinds <= {int}:
        return not flat and dtype in NUMPY
    low, high = _RANGES[dtype]
    return not flat or (low <= min(flat) and max(flat) <= high)


def _floats(flat: list[Any], dtype: type[np.generic], confirm: Callable[[], None]) -> Array:
    try:
        wide = np.fromiter(flat, np.float64, len(flat))
    except OverflowError:  # an integer that no double holds
        confirm()
        raise RequestError("JSON Parse error: Number too big to be stored in double.") from None
    if np.isinf(wide).any():
        confirm()
    return _cut(wide, dtype)


def _cut(wide: npt.NDArray[np.float64], dtype: type[np.generic]) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        return wide.astype(dtype, copy=False)


def _is_bytes(leaf: Any) -> bool:
    return isinstance(leaf, str) or is_binary(leaf)


def _bytes(leaf: Any) -> bytes:
    return leaf.encode("utf-8", "surrogatepass") if isinstance(leaf, str) else decode_base64(leaf["b64"])


def check(value: Any, spec: TensorSpec) -> int:
    """Walk through a tensor in the order it was written, and refuse the first thing that does not belong.

    Returns:
        The number of leaves.
    """
    flat, shape = _flatten(value)
    if flat is not None and _fits(flat, spec.dtype):  # many small tensors in order, before one that is not
        for leaf in flat if spec.dtype == "DT_STRING" else ():
            _bytes(leaf)
        return len(flat)
    shape = shape_of(value)
    count = 0
    walk = [iter([value])]
    while walk:
        for item in walk[-1]:
            level = len(walk) - 1
            if isinstance(item, list):
                _check_list(item, level, shape)
                walk.append(iter(item))
                break
            if level != len(shape):
                where = f"found at incorrect level: {level + 1} in the JSON DOM. Expected at level: {len(shape)}"
                raise refused(item, where)
            _check_leaf(item, spec)
            count += 1
        else:
            walk.pop()
    return count


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape that the first element of each level suggests."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _check_list(item: list[Any], level: int, shape: tuple[int, ...]) -> None:
    if level >= len(shape):
        raise RequestError(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(item) != shape[level]:
        raise RequestError(
            f"Encountered list at unexpected size: {len(item)} at level: {level} expected size: {shape[level]}"
        )


def _check_leaf(leaf: Any, spec: TensorSpec) -> None:
    if isinstance(leaf, dict):
        if spec.dtype == "DT_STRING":
            if not is_binary(leaf):
                raise refused(leaf, "not formatted correctly for base64 data")
            decode_base64(leaf["b64"])
        else:
            _refuse_type(leaf, spec)
    elif spec.dtype not in (*_FLOATS, *_RANGES, "DT_BOOL", "DT_STRING"):
        raise RequestError(f"Conversion of JSON Value: {echo(leaf)} to type: {spec.dtype_word}", "UNIMPLEMENTED")
    elif not _fits([leaf], spec.dtype):
        _refuse_type(leaf, spec)


def _refuse_type(value: Any, spec: TensorSpec) -> NoReturn:
    raise refused(value, f"Type: {type_word(value)} is not of expected type: {spec.dtype_word}")


def is_binary(value: Any) -> bool:
    """Whether a JSON value is an object that stands for bytes: `{"b64": TEXT}` and nothing else."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def decode_base64(text: str) -> bytes:
    """The bytes that `text` stands for.

    Complete padding or none; a dot is an equals sign. Bits left over at the end are not looked at.

    Raises:
        RequestError: it is not base64 of that kind.

    Source: Abseil's `Base64Unescape`, by its documented behaviour.
    """
    try:
        return _decode_strictly(text)
    except ValueError:  # binascii.Error, or a character beyond ASCII
        pass
    try:
        return _decode_strictly(text.translate(_WHITE).replace(".", "="))
    except ValueError:
        raise RequestError("Unable to base64 decode") from None


def _decode_strictly(text: str) -> bytes:
    plain = text.rstrip("=")
    padding = "=" * (-len(plain) % 4)
    if len(text) not in (len(plain), len(plain) + len(padding)):  # Python's strict mode lets some of these pass
        raise ValueError("partial padding")
    return binascii.a2b_base64(plain + padding, strict_mode=True)
