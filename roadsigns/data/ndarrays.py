"""NumPy arrays from what a pickle says about them: stand-ins for the few NumPy functions that a pickled array names.

NumPy's own functions are not called on a stranger's values: they trust the shape, dtype and flags they are given. Every
value is checked here, and an array is only ever a view of bytes that are as many as its shape needs.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

DTYPES = frozenset({"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"})
MAX_DIMENSIONS = 32

Bytes = NDArray[np.uint8]


class Name:
    """A function or class that a pickle names; only its identity matters."""

    def __init__(self, spelling: str) -> None:
        self.spelling = spelling


RECONSTRUCT = Name("numpy.core.multiarray._reconstruct")
FROMBUFFER = Name("numpy.core.numeric._frombuffer")
NDARRAY = Name("numpy.ndarray")
DTYPE = Name("numpy.dtype")
ENCODE = Name("_codecs.encode")
BYTES = Name("builtins.bytes")

NAMES: dict[tuple[str, str], Name] = {
    ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,  # NumPy 1
    ("numpy._core.multiarray", "_reconstruct"): RECONSTRUCT,  # NumPy 2
    ("numpy.core.numeric", "_frombuffer"): FROMBUFFER,  # protocol 5, NumPy 1
    ("numpy._core.numeric", "_frombuffer"): FROMBUFFER,  # protocol 5, NumPy 2
    ("numpy", "ndarray"): NDARRAY,
    ("numpy", "dtype"): DTYPE,
    ("_codecs", "encode"): ENCODE,  # bytes, as Python 3 writes them up to protocol 2
    ("__builtin__", "bytes"): BYTES,  # b"", likewise
    ("builtins", "bytes"): BYTES,
}
"""All that a pickle may name, in every spelling."""


class Dtype:
    """Stand-in for `numpy.dtype`: plain numbers only."""

    def __init__(self, code: object) -> None:
        if not isinstance(code, str) or code not in DTYPES:
            named = repr(code[:20]) if isinstance(code, str) else f"a {type(code).__name__}"
            raise DataError(f"it holds an array of type {named} where only plain numbers are allowed")
        self.code = code
        self.order = "="

    def build(self, state: Any) -> None:
        """Take the byte order from the state that `numpy.dtype.__reduce__` writes."""
        if not isinstance(state, tuple) or len(state) < 5:
            raise DataError("it holds an array whose dtype is of an unknown form")
        order, *compound = state[1:5]
        if not isinstance(order, str) or order not in ("<", ">", "|") or any(part is not None for part in compound):
            raise DataError("it holds an array whose dtype is not a plain number's")
        self.order = order

    def over(self, data: Bytes) -> NDArray[Any]:
        """`data` as native numbers of this type, in place."""
        array = data.view(np.dtype(self.code))
        if self.code == "b1" and data.size and data.max() > 1:
            raise DataError("it holds a truth value that is neither 0 nor 1")
        if self.order == (">" if sys.byteorder == "little" else "<"):
            array.byteswap(inplace=True)
        return array


class Array:
    """Stand-in for an array; its numbers come after it has been named."""

    def __init__(self, numbers: NDArray[Any] | None = None) -> None:
        self.numbers = numbers


def shaped(data: Bytes, dtype: object, shape: object, *, fortran: bool) -> NDArray[Any]:
    """The array of `shape` whose bytes are `data`, which it takes over: C-contiguous, native, writable."""
    if not isinstance(dtype, Dtype):
        raise DataError("it holds an array without a dtype")
    if not isinstance(shape, tuple) or len(shape) > MAX_DIMENSIONS:
        raise DataError("it holds an array without a proper shape")
    if not all(type(length) is int and 0 <= length <= sys.maxsize for length in shape):
        raise DataError("it holds an array with a length that is not a whole number of at least 0")
    needed = math.prod(shape) * int(dtype.code[1:])
    if needed != data.size:
        raise DataError(f"it holds an array of {data.size} bytes where its shape needs {needed}")
    array = dtype.over(data).reshape(shape, order="F" if fortran else "C")
    return np.ascontiguousarray(array).reshape(shape)  # reshape: ascontiguousarray gives a scalar an axis


def from_buffer(data: Bytes, dtype: object, shape: object, order: object, axes: object = None) -> Array:
    """What `numpy.core.numeric._frombuffer` makes: order "K" has the axes in the order of memory, then transposes."""
    if not isinstance(order, str) or order not in ("C", "F", "K"):
        raise DataError("it holds an array of an unknown order")
    array = shaped(data, dtype, shape, fortran=order == "F")
    if order == "K" and axes is not None:
        if (
            not isinstance(axes, tuple)
            or any(type(axis) is not int for axis in axes)
            or sorted(axes) != list(range(array.ndim))
        ):
            raise DataError("it holds an array with axes that it does not have")
        array = np.ascontiguousarray(array.transpose(axes))
    return Array(array)
