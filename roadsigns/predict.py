"""Picture files to sign names: `python -m roadsigns.predict`."""

from __future__ import annotations

import contextlib
import functools
import sys
from pathlib import Path

import numpy as np

from . import answers, classifier, exported, models, photos, picture_batches, picture_files
from .config import PredictOptions
from .console import progress, watched
from .errors import DataError
from .picture_batches import ReadPicture
from .resize import Pixels
from .verbs import PREDICT

_THREADS = 4
_THUMBNAIL = 96


@PREDICT.command
def main(options: PredictOptions) -> None:
    """Name the signs in picture files."""
    if options.parquet is not None:
        answers.check_parquet()
    files = list(picture_files.find(options.files, options.recursive))
    model = models.find(options.model)
    models.tell(model, options.json)
    if len(files) == 1:  # what is wrong with the only one is told before a model is loaded
        _refuse(files[0], options)
    names = classifier.load(model, shares=True)
    to_file = options.csv is not None or options.parquet is not None
    in_terminal = (exported.BEST if len(files) == 1 else 1) if not options.json else exported.BEST
    top = min(options.top or (1 if to_file else in_terminal), len(names.names))
    bad = 0
    with contextlib.ExitStack() as stack:
        writers: list[answers.Write] = []
        if options.csv is not None:
            writers.append(stack.enter_context(answers.to_csv(options.csv, top)))
        if options.parquet is not None:
            writers.append(stack.enter_context(answers.to_parquet(options.parquet, top)))
        if options.sheet is not None:
            writers.append(stack.enter_context(answers.to_sheet(options.sheet)))
        if options.json or not to_file:
            writers.append(answers.print_json if options.json else answers.print_table)
        reads = (functools.partial(_read, file, options) for file in files)
        show = watched() and (to_file or not sys.stdout.isatty())
        with progress("pictures", show=show) as tell:
            for number, answer in enumerate(picture_batches.answers(reads, names, top, _THREADS), start=1):
                bad += answer.prediction is None
                for write in writers:
                    write(answer)
                tell(number, len(files))
    for path in filter(None, (options.csv, options.parquet, options.sheet)):
        print(f"wrote {path}: {len(files):,} pictures", file=sys.stderr if options.json else sys.stdout)
    if bad:
        raise DataError(f"{bad:,} of {len(files):,} could not be read. Their rows say why")


def _refuse(file: Path | DataError, options: PredictOptions) -> None:
    read = _read(file, options)
    if read.error:
        raise DataError(read.error)


def _read(file: Path | DataError, options: PredictOptions) -> ReadPicture:
    if isinstance(file, DataError):
        return ReadPicture("", error=str(file))
    name = str(file)

    def pixels() -> Pixels:
        image = photos.read(file)
        return image if options.box is None else _cut_out(image, options.box, name)

    return picture_batches.read(name, pixels, _thumbnail if options.sheet else None)


def _cut_out(image: Pixels, box: tuple[int, int, int, int], name: str) -> Pixels:
    x, y, width, height = box
    if x + width > image.shape[1] or y + height > image.shape[0]:
        size = f"{image.shape[1]} x {image.shape[0]}"
        raise DataError(f"--box {x},{y},{width},{height} reaches beyond {name!r}, which has {size} pixels")
    return image[y : y + height, x : x + width]


def _thumbnail(image: Pixels) -> Pixels:
    from PIL import Image, ImageOps

    return np.asarray(ImageOps.contain(Image.fromarray(image), (_THUMBNAIL, _THUMBNAIL)))


if __name__ == "__main__":
    sys.exit(main())
