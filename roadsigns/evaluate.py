"""A model on a split, scored; `python -m roadsigns.evaluate`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .cli import command, parse
from .config import EvaluateOptions
from .errors import ModelError
from .scores import score


@command("evaluate")
def main(argv: Sequence[str] | None = None) -> None:
    """Score a model on a split of a data set."""
    options = parse(
        EvaluateOptions,
        argv,
        verb="evaluate",
        about="Score a model on a split, each picture once.",
        examples=(
            "roadsigns evaluate --data traffic-signs-data.zip",
            "roadsigns evaluate --model models/roadsigns --data traffic-signs-data.zip --split valid --json",
        ),
    )
    from . import classifier, data, models

    model = models.find(options.model)
    models.tell(model, options.json)
    dataset = data.load(options.data, options.data_dir, count=options.count)
    dataset.check_classes()
    split = dataset.split(options.split)  # type: ignore[arg-type]
    named = classifier.load(model)
    if named.names != dataset.classes:
        raise ModelError(
            f"{model.name!r} tells {len(named.names)} classes apart, from {named.names[0]!r}, and the pictures show "
            f"{len(dataset.classes)}, from {dataset.classes[0]!r}. Name a model of the same classes, or other --data"
        )
    scores = score(named.classify_pixels(split.images), split.labels)
    if options.json:
        summary = {
            "model": model.name,
            "data": options.data,
            "split": options.split,
            "pictures": scores.pictures,
            "accuracy": scores.accuracy,
            "loss": scores.loss,
            "ece": scores.ece,
            "class_accuracies": scores.class_accuracies(),
            "confusion": scores.confusion.tolist(),
        }
        print(json.dumps(summary))
        return
    print(f"{options.split}: {scores.pictures:,} pictures, accuracy {scores.accuracy:.2%}, loss {scores.loss:.4f}")
    print(f"expected calibration error {scores.ece:.2%}")
    print("lowest classes:")
    accuracies = scores.class_accuracies()
    known = sorted((accuracy, i) for i, accuracy in enumerate(accuracies) if accuracy is not None)
    for accuracy, i in known[:5]:
        print(f"  {accuracy:7.2%}  {i:2d}  {named.names[i]}")


if __name__ == "__main__":
    import sys

    sys.exit(main())
