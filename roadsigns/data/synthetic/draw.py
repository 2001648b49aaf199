"""Data sets of drawn signs: as many of each class, drawn in parallel; a seed determines them, not the processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import numpy.typing as npt

from ... import signs
from ...errors import DataError
from ...preprocess import Pixels
from ...resize import SIZE
from .camera import photograph
from .designs import Design
from .factors import Camera

UNIT = 512
"""How many pictures share a seed and are drawn by one process at a time."""
MOST = 170_000
"""The most pictures that are drawn at once: a pickle with more is refused when it is read."""
MOST_SEED = 2**31 - 1
# Independent sets of one seed: 0, 1 and 2 are the splits.
_LABELS, _BACKGROUNDS = 100, 101

Labels = npt.NDArray[np.int64]
_Job = tuple[Labels, tuple[int, ...], Camera, bool, Sequence[Design]]


def draw(
    count: int,
    seed: int = 0,
    *,
    part: int = 0,
    camera: Camera | None = None,
    designs: Sequence[Design] = (),
    processes: int = 1,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Pixels, Labels]:
    """Draw signs of all classes, as many of each, in random order.

    Args:
        count: pictures, 1..170,000. Where the number of classes does not divide it, some classes have one picture more.
        seed: 0..2^31 - 1; the same one gives the same bytes on one machine and version.
        part: 0, 1, ... are independent sets of a seed: the splits, and from 1,001 the epochs of `train --redraw`.
        camera: what varies between the pictures; by default all factors.
        designs: what the signs of classes 0, 1, ... look like; without any, the German signs are drawn.
        processes: how many draw; the pictures do not depend on the number. With more than one, a script must call this
            under `if __name__ == "__main__":`, since each process imports the script.
        tell: is called with the number of pictures done, and of all.

    Returns:
        Pictures, uint8 RGB `(count, 32, 32, 3)`, and class ids, int64 `(count,)`.

    Raises:
        TypeError: a number is not whole.
        ValueError: a number is out of range.
        DataError: a process has ended before its work.
    """
    _check(count, seed, part=part, processes=processes)
    classes = max(design.class_id for design in designs) + 1 if designs else signs.COUNT
    labels = np.random.default_rng([seed, part, _LABELS]).permutation(np.arange(count) % classes).astype(np.int64)
    return _photograph(labels, (seed, part), camera or Camera(), True, processes, tell, designs), labels


def draw_backgrounds(count: int, seed: int = 0, *, camera: Camera | None = None, processes: int = 1) -> Pixels:
    """Draw pictures without a sign: the background alone, by the same camera.

    Returns:
        uint8 RGB `(count, 32, 32, 3)`. The arguments and errors are those of `draw`.
    """
    _check(count, seed, processes=processes)
    labels = np.zeros(count, np.int64)
    return _photograph(labels, (seed, _BACKGROUNDS), camera or Camera(), False, processes, lambda done, total: None)


def _check(count: int, seed: int, *, part: int = 0, processes: int = 1) -> None:
    bounds = {"count": (count, 1, MOST), "seed": (seed, 0, MOST_SEED), "part": (part, 0, MOST_SEED)}
    for name, (value, low, high) in {**bounds, "processes": (processes, 1, 1024)}.items():
        if not hasattr(value, "__index__") or isinstance(value, bool):
            raise TypeError(f"`{name}` must be a whole number. Received: {value!r}")
        if not low <= value <= high:
            raise ValueError(f"Invalid value for `{name}`: expected {low}..{high}. Received: {name}={value}")


def _photograph(
    labels: Labels,
    seed: tuple[int, ...],
    camera: Camera,
    with_signs: bool,
    processes: int,
    tell: Callable[[int, int], None],
    designs: Sequence[Design] = (),
) -> Pixels:
    starts = range(0, len(labels), UNIT)
    jobs = [(labels[start : start + UNIT], (*seed, start // UNIT), camera, with_signs, designs) for start in starts]
    pictures = np.empty((len(labels), SIZE, SIZE, 3), np.uint8)
    for start, made in zip(starts, _run(jobs, min(processes, len(jobs))), strict=True):
        pictures[start : start + UNIT] = made
        tell(start + len(made), len(labels))
    return pictures


def _run(jobs: Sequence[_Job], processes: int) -> Iterator[Pixels]:
    """The pictures of each job, in order."""
    if processes == 1:
        yield from map(_unit, jobs)
        return
    # Not forked: the calling process may have threads, as TensorFlow has.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _follow_parent) as pool:
        try:
            yield from pool.map(_unit, jobs)
        except BrokenProcessPool as error:
            raise DataError(
                "A process that draws signs has ended. Make room in memory and run again; a script must draw under "
                '`if __name__ == "__main__":`'
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _unit(job: _Job) -> Pixels:
    labels, seed, camera, with_signs, designs = job
    return photograph(labels, seed, camera, signs=with_signs, designs=designs)


def _follow_parent() -> None:
    """Leave Ctrl-C to the parent process, and end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
