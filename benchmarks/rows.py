"""Rows of result files: what each says of its origin, and what a comparison says."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stopwatch import spread

from roadsigns import machine
from roadsigns.files import write_json

RESULTS = Path(__file__).resolve().parent / "results"


def described(name: str, command: str, **versions: str) -> dict[str, Any]:
    """The keys that every row has.

    Args:
        name: of what was measured.
        command: what follows `python benchmarks/`.
        **versions: of other packages that had a part in it.
    """
    origin = machine.description()
    return {
        "name": name,
        "command": f"python benchmarks/{command}",
        "date": datetime.date.today().isoformat(),
        **origin,
        "versions": {**origin["versions"], **versions},
    }


def compare(
    ours: Sequence[float], theirs: Sequence[float], subject: str, rival: str, *, less: bool = False, **more: Any
) -> dict[str, Any]:
    """A comparison: both sides, and the ratios of the rounds that followed each other.

    Args:
        ours: a number a round, of the subject.
        theirs: those of the rival in the same rounds.
        subject: what is measured.
        rival: beside what.
        less: whether less is better; a ratio above 1 is the better one in any case.
        **more: further keys; `unit` among them if it is not images per second.
    """
    pairs = list(zip(ours, theirs, strict=True))
    return {
        "subject": subject,
        "rival": rival,
        "unit": "images per second",
        **more,
        "subject_value": spread(ours),
        "rival_value": spread(theirs),
        "ratio": spread([their / our if less else our / their for our, their in pairs]),
    }


def write(name: str, rows: Any) -> None:
    """Write `results/NAME.json`."""
    write_json(RESULTS / f"{name}.json", rows)
