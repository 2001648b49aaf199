"""Picture files to sign names: `python -m roadsigns.predict`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from . import classifier, models, pictures, preprocess, signs
from .cli import command, parse
from .config import PredictOptions
from .exported import BEST


@command("predict")
def main(argv: Sequence[str] | None = None) -> None:
    """Name the signs in PNG and JPEG files."""
    options = parse(
        PredictOptions,
        argv,
        verb="predict",
        about="Name the sign in each PNG or JPEG file: the five most probable classes.",
        examples=("roadsigns predict photo.jpg", "roadsigns predict --model models/roadsigns --json a.png b.png"),
    )
    model = models.find(options.model)
    models.tell(model, options.json)
    # Read in full before Keras is loaded, so that a bad file is refused at once.
    images = [preprocess.resize(pictures.read(file)[np.newaxis]) for file in options.files]
    probabilities = classifier.load(model.path).classify_pixels(np.concatenate(images))
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :BEST]
    if options.json:
        print(json.dumps([_answer(*row) for row in zip(options.files, probabilities, best, strict=True)]))
        return
    for file, scores, ids in zip(options.files, probabilities, best, strict=True):
        print(file)
        for i in ids:
            print(f"  {scores[i]:7.2%}  {i:2d}  {signs.NAMES[i]}")


def _answer(file: Path, scores: np.ndarray, ids: np.ndarray) -> dict[str, object]:
    return {
        "file": str(file),
        "best": [{"class_id": int(i), "class_name": signs.NAMES[i], "score": float(scores[i])} for i in ids],
    }


if __name__ == "__main__":
    sys.exit(main())
