"""Pictures that are read and answered in batches; one that cannot be read has the reason instead of an answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from .answers import FileAnswer
from .classifier import Classifier
from .errors import DataError
from .resize import Pixels, resize

AT_ONCE = 128
"""Pictures that the model is given together."""


@dataclass(frozen=True)
class ReadPicture:
    """A picture that was read, or why it was not.

    Attributes:
        name: what its answer is called.
        pixels: uint8 RGB of the network's size, `(1, 32, 32, 3)`; None where it cannot be read.
        thumbnail: uint8 RGB `(H, W, 3)`, for a contact sheet.
        error: why it cannot be read.
        is_out_of_reach: whether the system, and not the picture, is the reason.
    """

    name: str
    pixels: Pixels | None = None
    thumbnail: Pixels | None = None
    error: str = ""
    is_out_of_reach: bool = False


def read(name: str, pixels: Callable[[], Pixels], thumbnail: Callable[[Pixels], Pixels] | None = None) -> ReadPicture:
    """Read a picture.

    Args:
        name: what its answer is called.
        pixels: gives uint8 RGB `(H, W, 3)`; may raise DataError, OSError and MemoryError.
        thumbnail: makes a small picture of it.
    """
    try:
        image = pixels()
        return ReadPicture(name, resize(image[np.newaxis]), thumbnail(image) if thumbnail else None)
    except DataError as error:
        return ReadPicture(name, error=str(error))
    except OSError as error:
        return ReadPicture(name, error=f"Cannot use {name!r}: {error.strerror or error}", is_out_of_reach=True)
    except MemoryError:
        return ReadPicture(name, error=f"There is not enough memory for {name!r}. Make it smaller")


def answers(
    reads: Iterable[Callable[[], ReadPicture]], classifier: Classifier, top: int, threads: int
) -> Iterator[FileAnswer]:
    """The answers in the order of `reads`, which are called by several threads while the model works.

    Args:
        reads: each reads a picture.
        classifier: names the signs.
        top: how many classes are named for a picture.
        threads: how many read at a time.
    """
    with ThreadPoolExecutor(threads) as pool:
        left = iter(reads)
        coming: Iterator[ReadPicture] = iter(())
        while batch := list(itertools.islice(left, AT_ONCE)):
            share = -(-len(batch) // threads)  # a call of the pool for each picture would take a tenth of the time
            next_ones = pool.map(_call, (batch[start : start + share] for start in range(0, len(batch), share)))
            yield from _answered(list(coming), classifier, top)
            coming = itertools.chain.from_iterable(next_ones)
        yield from _answered(list(coming), classifier, top)


def _call(reads: Sequence[Callable[[], ReadPicture]]) -> list[ReadPicture]:
    return [read() for read in reads]


def _answered(batch: Sequence[ReadPicture], classifier: Classifier, top: int) -> Iterator[FileAnswer]:
    pixels = [read.pixels for read in batch if read.pixels is not None]
    found = iter(classifier.best(classifier.classify_pixels(np.concatenate(pixels)), top) if pixels else ())
    for read in batch:
        if read.pixels is None:
            yield FileAnswer(read.name, error=read.error)
        else:
            yield FileAnswer(read.name, next(found), picture=read.thumbnail)
