"""What a person is told on stderr meanwhile: a bar where somebody watches, and lines."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Tell = Callable[[int, int | None], None]
"""Is told how much is done, and of how much where that is known."""


_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextlib.contextmanager
def quietly(quiet: bool = True) -> Iterator[None]:
    """Within, there are neither bars nor notes, if `quiet`."""
    token = _quiet.set(quiet)
    try:
        yield
    finally:
        _quiet.reset(token)


def watched() -> bool:
    """Whether to draw bars: stderr is a terminal, and nobody has asked for quiet."""
    return sys.stderr.isatty() and not _quiet.get()


def note(text: str) -> None:
    """Print a line on stderr, unless somebody has asked for quiet."""
    if not _quiet.get():
        print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress(title: str, *, show: bool | None = None, in_bytes: bool = False) -> Iterator[Tell]:
    """Yield what draws the bar when told of progress; it vanishes at the end.

    Args:
        title: stands before the bar.
        show: by default, what `watched` says.
        in_bytes: what is told are bytes, not things.
    """
    if not (watched() if show is None else show):
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    amount = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextlib.contextmanager
def quiet_logging(*names: str) -> Iterator[None]:
    """Keep what these loggers remark on off stderr; errors pass."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
