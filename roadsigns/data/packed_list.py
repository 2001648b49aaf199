"""A long list that takes few bytes an element: blocks of elements, compressed."""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

BLOCK = 128
"""Elements that are packed together."""

Element = TypeVar("Element")


class PackedList(Sequence[Element], Generic[Element]):
    """What `elements` yields, in its order. An element is made anew each time that the list is asked for it.

    Names of files that follow each other differ little, so that one takes some five bytes. Elements are read fastest in
    their order.

    Args:
        elements: texts, numbers or None, or tuples of these.
        made: makes an element of what JSON gives back for it, which for a tuple is a list.
    """

    def __init__(self, elements: Iterable[Element], made: Callable[[Any], Element] = lambda value: value) -> None:
        self._made = made
        self._blocks: list[bytes] = []
        self._count = 0
        self._number, self._open = -1, list[Element]()  # the block that was read last
        source = iter(elements)
        while block := list(itertools.islice(source, BLOCK)):
            self._blocks.append(zlib.compress(json.dumps(block).encode("ascii")))
            self._count += len(block)

    def __len__(self) -> int:
        """Number of elements."""
        return self._count

    def __iter__(self) -> Iterator[Element]:
        """All elements; faster than one by one."""
        for block in self._blocks:
            yield from self._unpacked(block)

    @overload
    def __getitem__(self, index: int) -> Element: ...
    @overload
    def __getitem__(self, index: slice) -> list[Element]: ...
    def __getitem__(self, index: int | slice) -> Element | list[Element]:
        """The element of that index, or a plain list of those in a slice."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(self._count))]
        place = range(self._count)[index]
        if place // BLOCK != self._number:
            self._number, self._open = place // BLOCK, self._unpacked(self._blocks[place // BLOCK])
        return self._open[place % BLOCK]

    def _unpacked(self, block: bytes) -> list[Element]:
        return [self._made(value) for value in json.loads(zlib.decompress(block))]
