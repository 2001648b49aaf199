"""Millions of pictures to Parquet files: `python -m roadsigns.classify`."""

from __future__ import annotations

import itertools
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import console, models
from ..config import ClassifyOptions
from ..errors import NetworkError, UsageError
from ..verbs import CLASSIFY
from . import buckets, cluster, parts, predictor, source
from .buckets import Buckets
from .cluster import Cluster
from .source import Work


@CLASSIFY.command
def main(options: ClassifyOptions) -> None:
    """Name the signs in many pictures, and go on where a run before ended."""
    if options.out is None:
        raise UsageError("--out is missing: expected the folder that receives the rows. Such as: --out results.parquet")
    cluster.check_installed()
    model = models.find(options.model)
    carried = predictor.carried(model)
    top = min(options.top, len(carried.load().names))
    with console.quietly(options.quiet):
        if not options.quiet:
            models.tell(model, to_stderr=False)
        where = Buckets()
        counts = _Counts()
        made_by = {"model": model.name, "sha256": carried.digest}
        with parts.opened(options.out, made_by, top, where) as results:
            to_do = _counted(source.work(options.source, options.recursive, where, results.is_done), counts)
            first = next(to_do, None)  # what is wrong with the source is told before Ray starts
            if first is not None:
                with cluster.running(options.address, options.predictors) as ray:
                    made_of = (carried, top, str(Path.cwd()), where)
                    _answer(ray, itertools.chain([first], to_do), counts, results, made_of)
    if not options.quiet:
        before = f", {counts.before:,} were there before" if counts.before else ""
        files = f"{results.written:,} file{'s' * (results.written != 1)}"
        print(f"wrote {buckets.shown(options.out)}: {counts.answered:,} pictures in {files}{before}")
        if counts.bad:
            print(f"{counts.bad:,} could not be read; their rows say why, in the column error")


@dataclass
class _Counts:
    """Numbers of pictures: done before, to do, answered, and bad among the answered ones."""

    before: int = 0
    to_do: int = 0
    answered: int = 0
    bad: int = 0


def _counted(work: Iterable[tuple[Work, int]], counts: _Counts) -> Iterator[Work]:
    for each, done in work:
        counts.before += done
        counts.to_do += len(each.names)
        if each.names:
            yield each


def _answer(
    ray: Cluster, to_do: Iterable[Work], counts: _Counts, results: parts.Parts, made_of: tuple[Any, ...]
) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Ray's own way would end without a word
    console.note(ray.about)
    kept = []
    with console.progress("names") as tell:
        for work in to_do:
            kept.append(ray.keep(work))
            tell(counts.to_do, None)
    try:
        with console.progress("pictures") as tell:
            for table in ray.answers(kept, *made_of):
                counts.answered += len(table)
                counts.bad += len(table) - table.column("error").null_count
                if results.add(table) and not console.watched():
                    console.note(f"{counts.answered:,} of {counts.to_do:,} pictures")
                tell(counts.answered, counts.to_do)
    except KeyboardInterrupt:
        print(f"Interrupted; {counts.answered:,} rows are kept. Go on with the same line", file=sys.stderr)
        raise
    if counts.answered != counts.to_do:
        raise NetworkError(f"{counts.answered:,} rows came back for {counts.to_do:,} pictures. Run the same line again")


if __name__ == "__main__":
    sys.exit(main())
