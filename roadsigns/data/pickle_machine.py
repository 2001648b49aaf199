"""What the opcodes of a pickle do, as far as a dict of arrays needs it: a stack, a memo and calls of stand-ins."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DataError
from . import ndarrays
from .ndarrays import Array, Bytes, Dtype


class PickleMachine:
    """A stack, marks on it, and a memo.

    Attributes:
        spare: bytes that may still be made beyond those read: a pickle can use a value many times.
    """

    def __init__(self, spare: int) -> None:
        self.spare = spare
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.taken: dict[int, Bytes] = {}  # bytes that are some array's memory, by identity

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self, count: int) -> list[Any]:
        """The top `count` values, lowest first; those below a mark stay."""
        start = len(self.stack) - count
        if start < (self.marks[-1] if self.marks else 0):
            raise DataError("it takes a value that it never gave")
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def pop_mark(self) -> list[Any]:
        if not self.marks:
            raise DataError("it takes a mark that it never set")
        values = self.pop(len(self.stack) - self.marks[-1])
        self.marks.pop()
        return values

    def top(self) -> Any:
        [value] = self.pop(1)
        self.push(value)
        return value

    def push_tuple(self, values: list[Any]) -> None:
        """Push a tuple; each level of tuples that share their parts would double the time to compare or to print it."""
        if any(isinstance(part, tuple) for value in values if isinstance(value, tuple) for part in value):
            raise DataError("it nests tuples deeper than an array does")
        self.push(tuple(values))

    def put(self, index: int) -> None:
        self.memo[index] = self.top()

    def get(self, index: int) -> None:
        if index not in self.memo:
            raise DataError("it recalls a value that it never gave")
        self.push(self.memo[index])

    def set_items(self, items: list[Any]) -> None:
        target = self.top()
        if not isinstance(target, dict) or len(items) % 2:
            raise DataError("it fills something that is not a dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str):
                raise DataError("it has a key that is not a text")
            target[key] = value

    def extend(self, values: list[Any]) -> None:
        target = self.top()
        if not isinstance(target, list):
            raise DataError("it adds to something that is not a list")
        target.extend(values)

    def make_dict(self) -> None:
        items = self.pop_mark()
        self.push({})
        self.set_items(items)

    def find(self, module: object, attribute: object) -> None:
        if not isinstance(module, str) or not isinstance(attribute, str):
            raise DataError("it asks for something without a name")
        if (module, attribute) not in ndarrays.NAMES:
            asked = f"{module[:60]}.{attribute[:60]}"
            raise DataError(f"it asks for {asked!r}, which was not run. Do not use this file")
        self.push(ndarrays.NAMES[module, attribute])

    def reduce(self) -> None:
        """Call a stand-in: what one of `ndarrays.NAMES` makes of its arguments."""
        function, arguments = self.pop(2)
        if function is ndarrays.RECONSTRUCT:
            kind, _, _ = arguments
            if kind is not ndarrays.NDARRAY:
                raise DataError("it holds an array of another class than numpy.ndarray")
            self.push(Array())
        elif function is ndarrays.DTYPE:
            self.push(Dtype(arguments[0]))
        elif function is ndarrays.FROMBUFFER:
            data, dtype, shape, order, *axes = arguments
            self.push(ndarrays.from_buffer(self.take(data), dtype, shape, order, *axes))
        elif function is ndarrays.ENCODE:
            text, encoding = arguments
            if encoding != "latin1":
                raise DataError("it encodes a text otherwise than Python does")
            self.push(self.encode(text))
        elif function is ndarrays.BYTES and arguments == ():
            self.push(np.empty(0, np.uint8))
        else:
            raise DataError("it calls something that is not a function")

    def build(self) -> None:
        """Complete the dtype or array below the state on top."""
        target, state = self.pop(2)
        if isinstance(target, Dtype):
            target.build(state)
        elif isinstance(target, Array) and target.numbers is None:
            version, shape, dtype, fortran, data = state
            if version != 1 or fortran not in (0, 1):
                raise DataError("it holds an array of an unknown form")
            target.numbers = ndarrays.shaped(self.take(data), dtype, shape, fortran=bool(fortran))
        else:
            raise DataError("it completes something that is complete")
        self.push(target)

    def encode(self, text: Any) -> Bytes:
        if not isinstance(text, str):
            raise DataError("it encodes what is not a text")
        self.spend(len(text))
        return np.frombuffer(bytearray(text, "latin-1"), np.uint8)

    def take(self, data: Any) -> Bytes:
        """`data` as memory that one array may keep: bytes that are used again are copied."""
        if isinstance(data, str):  # what Python 2 calls a string
            data = self.encode(data)
        if not isinstance(data, np.ndarray):
            raise DataError("it holds an array without bytes")
        if id(data) in self.taken:
            self.spend(data.size)
            data = data.copy()
        own: Bytes = data
        self.taken[id(own)] = own
        return own

    def spend(self, count: int) -> None:
        self.spare -= count
        if self.spare < 0:
            raise DataError("it uses the same bytes over and over")
