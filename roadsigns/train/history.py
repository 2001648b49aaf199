"""The epochs of a training run and the table that they are kept in, `history.csv`: a header, and a row an epoch."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..files import beside


@dataclass(frozen=True)
class Epoch:
    """One row. Accuracies are shares, losses in nats, `seconds` of drawing, training and validation."""

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    images_per_second: float
    seconds: float


_COLUMNS = [item.name for item in dataclasses.fields(Epoch)]


def write(path: Path, rows: Sequence[Epoch]) -> None:
    """Write all rows, in place of a file that is there; every float is read back in every bit."""
    with beside(path) as fresh, fresh.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        writer.writerows(dataclasses.asdict(row) for row in rows)


def read(path: Path, newest: int) -> list[Epoch]:
    """Read the rows of the epochs from 1 to `newest`; later rows are left out.

    Raises:
        ModelError: the file is damaged, or a row of these is missing.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [_row(fields) for fields in csv.DictReader(file)]
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise ModelError(f"Damaged history in {str(path)!r}: {error!r}. Start a new run without --resume") from error
    rows = [row for row in rows if row.epoch <= newest]
    if [row.epoch for row in rows] != list(range(1, newest + 1)):
        raise ModelError(f"Rows are missing in {str(path)!r}. Start a new run without --resume")
    return rows


def _row(fields: dict[str, str]) -> Epoch:
    values: dict[str, Any] = {name: float(fields[name]) for name in _COLUMNS}
    return Epoch(**{**values, "epoch": int(fields["epoch"])})
