"""A model on a split, scored; `python -m roadsigns.evaluate`."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from . import machine
from .callable import as_function
from .config import EvaluateOptions
from .console import note
from .errors import ModelError, UsageError
from .scores import Scores, score
from .verbs import EVALUATE

if TYPE_CHECKING:
    from .classifier import Classifier
    from .models import Model


@EVALUATE.command
def main(options: EvaluateOptions) -> None:
    """Score a model on a split of a data set."""
    from . import models, report

    _check(options)
    models.tell(models.find(options.model), options.json)
    found, scores, classes = _scored(options)
    if options.json:
        print(json.dumps(found))
        return
    print(f"{options.split}: {scores.pictures:,} pictures, accuracy {scores.accuracy:.2%}, loss {scores.loss:.4f}")
    print(f"expected calibration error {scores.ece:.2%}")
    print("lowest classes:")
    accuracies = scores.class_accuracies()
    known = sorted((accuracy, i) for i, accuracy in enumerate(accuracies) if accuracy is not None)
    for accuracy, i in known[:5]:
        print(f"  {accuracy:7.2%}  {i:2d}  {classes[i]}")
    if options.report is not None:
        print(f"wrote {options.report / report.PAGE}: open it in a browser; {report.FIGURES} beside it has the figures")


def evaluate(options: EvaluateOptions | None = None, **settings: Any) -> dict[str, Any]:
    """Score a model on a split of a data set, as `roadsigns evaluate` does; `roadsigns.evaluate(...)` is the same.

    Args:
        options: what is scored; or leave it out and give
        **settings: some of its fields by name.

    Returns:
        What `roadsigns evaluate --json` prints: `accuracy`, `loss`, `ece`, `class_accuracies`, `confusion` and more.

    Raises:
        UsageError: a setting is none, or cannot be followed.
        RoadsignsError: the data set or the model cannot be had, or their classes are not the same.

    Examples:
        >>> import roadsigns
        >>> roadsigns.evaluate(model="small", data="fixtures/drawn-signs.zip")["pictures"]  # doctest: +SKIP
    """
    options = EvaluateOptions.of(options, settings)
    _check(options)
    return _scored(options)[0]


def _check(options: EvaluateOptions) -> None:
    from . import report

    if options.report is not None:
        report.check_place(options.report)
    elif options.against is not None:
        raise UsageError(f"--against {options.against} is for the page that compares two models. Add --report DIR")


def _scored(options: EvaluateOptions) -> tuple[dict[str, Any], Scores, tuple[str, ...]]:
    """The summary, the scores, and the names of the classes."""
    from . import data, models, report

    model = models.find(options.model)
    other = None if options.against is None else models.find(options.against, "--against")
    dataset = data.load(options.data, options.data_dir, count=options.count)
    dataset.check_classes()
    split = dataset.split(options.split)  # type: ignore[arg-type]
    study = report.Study(options.data, options.split, split.images, split.labels, dataset.classes, split.sizes)
    subject = report.Subject(model.name, _of_the_same_classes(model, study.classes).classify_pixels, study)
    scores = score(subject.probabilities, split.labels)
    if absent := study.absent():
        names = ", ".join(study.classes[each] for each in absent[:3]) + (", ..." if len(absent) > 3 else "")
        note(f"{len(absent)} of {len(study.classes)} classes have no pictures in {options.split} ({names})")
    if options.report is not None:
        against = None
        if other is not None:
            against = report.Subject(other.name, _of_the_same_classes(other, study.classes).classify_pixels, study)
        facts = {
            "command": shlex.join(["python", "-m", "roadsigns.evaluate", *options.flags()]),
            **machine.description(),
        }
        report.write(options.report, study, subject, against, facts=facts)
    summary: dict[str, Any] = {
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
    if options.report is not None:
        summary["report"] = str(options.report)
    return summary, scores, study.classes


def _of_the_same_classes(model: Model, classes: tuple[str, ...]) -> Classifier:
    """The model, loaded; ModelError where the classes that it tells apart are others."""
    from . import classifier

    named = classifier.load(model)
    if named.names != classes:
        raise ModelError(
            f"{model.name!r} tells {len(named.names)} classes apart, from {named.names[0]!r}, and the pictures show "
            f"{len(classes)}, from {classes[0]!r}. Name a model of the same classes, or other --data"
        )
    return named


if __name__ == "__main__":
    import sys

    sys.exit(main())

as_function(__name__, evaluate)
