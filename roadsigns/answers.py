"""What is printed and written of many pictures' answers: a table, JSON lines, CSV, Parquet, a contact sheet."""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .classifier import Prediction
from .errors import UsageError
from .files import beside

if TYPE_CHECKING:
    import pyarrow
    from PIL import Image

    from .preprocess import Pixels

_PARQUET_ROWS = 10_000
_CELL, _PICTURE, _COLUMNS, _MOST_CELLS = (164, 150), 96, 6, 1200


@dataclass(frozen=True)
class FileAnswer:
    """What is said of one file.

    Attributes:
        file: its name.
        prediction: what it shows; None where it cannot be read.
        error: why it cannot be read.
        picture: its pixels, small, uint8 RGB `(H, W, 3)`, for a contact sheet.
    """

    file: str
    prediction: Prediction | None = None
    error: str = ""
    picture: Pixels | None = None


Write = Callable[[FileAnswer], None]
"""Takes the answers one by one."""


def print_table(answer: FileAnswer) -> None:
    """Of one class a line for each file; of more a line with the file's name, and a line for each class."""
    name = _shown(answer.file)
    if answer.prediction is None:
        print(f"{name}: {answer.error}")
        return
    doubt = "probably no sign: " if (answer.prediction.no_sign or 0) > 0.5 else ""
    rows = [f"{guess.share:7.2%}  {guess.class_id:2d}  {doubt}{guess.class_name}" for guess in answer.prediction.best]
    if len(rows) == 1:
        print(f"{rows[0]:<60}  {name}")
    else:
        print(name, *(f"  {row}" for row in rows), sep="\n")


def print_json(answer: FileAnswer) -> None:
    """A JSON object in a line."""
    told: dict[str, Any] = {"file": answer.file}
    if answer.prediction is None:
        told["error"] = answer.error
    else:
        told["best"] = [
            {"class_id": guess.class_id, "class_name": guess.class_name, "score": guess.share}
            for guess in answer.prediction.best
        ]
        if answer.prediction.no_sign is not None:
            told["no_sign"] = answer.prediction.no_sign
    print(json.dumps(told))


@contextlib.contextmanager
def to_csv(path: Path, top: int) -> Iterator[Write]:
    """A row for each file: `file`, then class and share of the most probable, then of the next, then `error`."""
    columns = _columns(top)
    with (
        beside(path) as fresh,
        fresh.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        yield lambda answer: writer.writerow(_row(answer, columns))


def check_parquet() -> None:
    """UsageError where Parquet cannot be written."""
    if not importlib.util.find_spec("pyarrow"):
        raise UsageError("--parquet needs PyArrow, which is not installed. Run: pip install 'roadsigns[parquet]'")


@contextlib.contextmanager
def to_parquet(path: Path, top: int) -> Iterator[Write]:
    """The rows of `to_csv`, with numbers as numbers."""
    from pyarrow import parquet

    waiting: list[FileAnswer] = []
    with (
        beside(path) as fresh,
        fresh.open("wb") as file,  # Python's, whose errors have a number
        parquet.ParquetWriter(file, parquet_schema(top)) as writer,
    ):

        def flush() -> None:
            writer.write_table(parquet_table(waiting, top))
            waiting.clear()

        def write(answer: FileAnswer) -> None:
            waiting.append(answer)
            if len(waiting) == _PARQUET_ROWS:
                flush()

        yield write
        flush()


def parquet_schema(top: int) -> pyarrow.Schema:
    """The columns of a Parquet file of answers: those of `to_csv`."""
    import pyarrow

    kinds = {"class_id": pyarrow.int32(), "score": pyarrow.float32()}
    return pyarrow.schema([(name, kinds.get(name.rstrip("_0123456789"), pyarrow.string())) for name in _columns(top)])


def parquet_table(answers: Iterable[FileAnswer], top: int) -> pyarrow.Table:
    """Answers as rows of a Parquet file."""
    import pyarrow

    columns = _columns(top)
    # Parquet's texts are UTF-8; a name of other bytes is written as JSON would escape it.
    rows = [{**_row(answer, columns), "file": parquet_text(answer.file)} for answer in answers]
    return pyarrow.Table.from_pylist(rows, schema=parquet_schema(top))


def parquet_text(name: str) -> str:
    """A file's name as the column `file` has it."""
    return name.encode("utf-8", "backslashreplace").decode()


@contextlib.contextmanager
def to_sheet(path: Path) -> Iterator[Write]:
    """A PNG of small pictures with name and share below each; the first 1,200 of them."""
    from PIL import Image

    cells: list[Image.Image] = []

    def write(answer: FileAnswer) -> None:
        if len(cells) < _MOST_CELLS:
            cells.append(_cell(answer))

    yield write
    columns = max(1, min(_COLUMNS, len(cells)))
    rows = max(1, -(-len(cells) // columns))
    sheet = Image.new("RGB", (columns * _CELL[0], rows * _CELL[1]), "white")
    for number, cell in enumerate(cells):
        sheet.paste(cell, (number % columns * _CELL[0], number // columns * _CELL[1]))
    with beside(path) as fresh:
        sheet.save(fresh, "PNG")


def _cell(answer: FileAnswer) -> Image.Image:
    from PIL import Image, ImageDraw

    cell = Image.new("RGB", _CELL, "white")
    pen = ImageDraw.Draw(cell)
    if answer.picture is not None:
        picture = Image.fromarray(answer.picture)
        cell.paste(picture, ((_CELL[0] - picture.width) // 2, 4 + (_PICTURE - picture.height) // 2))
    best = answer.prediction.best[0] if answer.prediction else None
    said = [f"{best.class_name}", f"{best.share:.1%}"] if best else ["cannot be read"]
    lines = [*_wrapped(pen, said[0])[:2], *said[1:]]
    for number, line in enumerate([*lines, _cut(pen, Path(_shown(answer.file)).name)][:4]):
        pen.text((6, _PICTURE + 6 + 11 * number), line, fill="black" if number < len(lines) else (110, 110, 110))
    return cell


def _wrapped(pen: Any, text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if pen.textlength(longer) <= _CELL[0] - 12 or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(pen: Any, name: str) -> str:
    name = name.encode("latin-1", "replace").decode("latin-1")
    while pen.textlength(name) > _CELL[0] - 12:
        name = name[: len(name) - 4] + "..." if not name.endswith("...") else name[:-4] + "..."
    return name


def _columns(top: int) -> list[str]:
    ends = ["", *(f"_{number}" for number in range(2, top + 1))]
    return ["file", *(f"{name}{end}" for end in ends for name in ("class_id", "class_name", "score")), "error"]


def _row(answer: FileAnswer, columns: list[str]) -> dict[str, Any]:
    values: list[Any] = [answer.file]
    for guess in answer.prediction.best if answer.prediction else ():
        values += [guess.class_id, guess.class_name, guess.share]
    row = dict(zip(columns[:-1], values, strict=False))
    return {**row, "error": answer.error} if answer.error else row


def _shown(name: str) -> str:
    """A name in one line of a terminal; bytes of another encoding pass as they are."""
    return "".join(c if c.isprintable() or "\udc80" <= c <= "\udcff" else ascii(c)[1:-1] for c in name)
