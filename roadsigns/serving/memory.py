"""Memory: what nobody uses any more goes back to the system, and what always stays is not looked at again and again."""

from __future__ import annotations

import contextlib
import ctypes
import gc


def settle() -> None:
    """Have the garbage collector leave alone what is in use now, modules above all, for as long as the process lives.

    TensorFlow's modules are 400,000 objects. To go through them takes a quarter of a second, in which no thread runs,
    and a busy server's collector would do so every second.
    """
    gc.freeze()


def give_back() -> None:
    """Collect what is unreachable, and have the C library return its free pages, where it is one that can."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
