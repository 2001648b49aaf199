"""A model on a split, scored; `python -m roadsigns.evaluate`."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import machine
from .callable import as_function
from .classes import Classes, numbered
from .classes import places as class_places
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
    from . import classifier, data, models, report

    model = models.find(options.model)
    other = None if options.against is None else models.find(options.against, "--against")
    dataset = data.load(options.data, options.data_dir, count=options.count, designs=options.designs)
    if dataset.hint:
        note(dataset.origin)
    split = dataset.split(options.split)  # type: ignore[arg-type]
    named = classifier.load(model)
    labels = _in_terms_of(named, split.labels, dataset.classes)
    names = dataset.classes.names if named.names == numbered(len(dataset.classes)).names else named.names
    study = report.Study(options.data, options.split, split.images, labels, names, split.sizes, dataset.drawings)
    subject = report.Subject(model.name, named.classify_pixels, study)
    scores = score(subject.probabilities, labels)
    if absent := study.absent():
        some = ", ".join(study.classes[each] for each in absent[:3]) + (", ..." if len(absent) > 3 else "")
        note(f"{len(absent)} of {len(study.classes)} classes have no pictures in {options.split} ({some})")
    if options.report is not None:
        against = None
        if other is not None:
            against = report.Subject(other.name, _of_the_same_classes(other, names).classify_pixels, study)
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


def _in_terms_of(model: Classifier, labels: npt.NDArray[np.int64], classes: Classes) -> npt.NDArray[np.int64]:
    """The labels by the class ids of `model`, which may tell more classes apart than the pictures show.

    Raises:
        ModelError: it lacks one of them.
    """
    if model.names == numbered(len(classes)).names != classes.names:
        note(f"the {len(classes)} classes of {model.model.name} have no names; they are taken in the order of the data")
    places = np.array(class_places(classes, model.names), np.int64)
    lacking = [index for index in np.unique(labels).tolist() if places[index] < 0]
    if lacking:
        raise ModelError(
            f"{model.model.name!r} tells {len(model.names)} classes apart, from {model.names[0]!r}, and none of them "
            f"is {classes.some(lacking)}, which the pictures show. Name a model of the same classes, or other --data"
        )
    return places[labels]


def _of_the_same_classes(model: Model, names: tuple[str, ...]) -> Classifier:
    """The model, loaded; ModelError where the classes that it tells apart are others."""
    from . import classifier

    named = classifier.load(model)
    if named.names not in (names, numbered(len(names)).names):
        raise ModelError(
            f"{model.name!r} tells {len(named.names)} classes apart, from {named.names[0]!r}, and the other model "
            f"{len(names)}, from {names[0]!r}. Compare models of the same classes"
        )
    return named


if __name__ == "__main__":
    sys.exit(main())

as_function(__name__, evaluate)
