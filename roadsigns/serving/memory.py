"""Memory: what is free goes back to the system, and the garbage collector leaves alone what always stays."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def staying() -> Iterator[None]:
    """Have the garbage collector leave alone what exists when the block ends, for as long as the process lives.

    Meant for the import of TensorFlow, whose modules are 400,000 objects. To go through them takes a quarter of a
    second, in which no thread runs, and a busy server's collector would do so every second. The block itself runs
    without the collector, which takes a quarter off the import.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def give_back() -> None:
    """Collect what is unreachable, and have the C library return its free pages, where it is one that can."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
