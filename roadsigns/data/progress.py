"""A bar on stderr, where somebody watches."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

Tell = Callable[[int, int | None], None]
"""Is told how much is done, and of how much where that is known."""


@contextlib.contextmanager
def progress(title: str, *, show: bool | None = None, in_bytes: bool = False) -> Iterator[Tell]:
    """Yield what draws the bar when told of progress; it vanishes at the end.

    Args:
        title: stands before the bar.
        show: by default, whether stderr is a terminal.
        in_bytes: what is told are bytes, not things.
    """
    if not (sys.stderr.isatty() if show is None else show):
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    amount = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
