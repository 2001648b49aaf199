"""The figures of a page, as JSON can hold them."""

from __future__ import annotations

from typing import Any

from ..corruptions import SEVEN
from ..scores import score
from .measures import by_size, error_without, mcnemar, wilson
from .robustness import Robustness, chosen
from .study import Study, Subject

LEFT_OUT = 0.01
"""The share of answers, the least sure, that is left out in a figure of its own."""


def of(study: Study, subject: Subject, robustness: Robustness | None) -> dict[str, Any]:
    """The figures of one model; those of corruption are None where nothing was corrupted."""
    scores = score(subject.probabilities, study.labels)
    right = int(subject.right.sum())
    return {
        "model": subject.name,
        "accuracy": scores.accuracy,
        "accuracy_interval": list(wilson(right, scores.pictures)),
        "wrong": scores.pictures - right,
        "loss": scores.loss,
        "ece": scores.ece,
        "error_without_least_sure_1_percent": error_without(subject.confidence, subject.right, LEFT_OUT),
        "corruptions": None
        if robustness is None
        else {
            "pictures": len(chosen(study)),
            "accuracy_uncorrupted": robustness.clean,
            "mean_of_seven": robustness.mean_of_seven,
            "seven": list(SEVEN),
            "accuracies": {name: list(each) for name, each in robustness.accuracies.items()},
        },
        "by_size": None if study.sizes is None else [group._asdict() for group in by_size(study.sizes, subject.right)],
        "class_accuracies": scores.class_accuracies(),
    }


def compared(first: Subject, second: Subject) -> dict[str, Any]:
    """On how many pictures two models differ, and how probable so uneven a difference is between equals."""
    only_first = int((first.right & ~second.right).sum())
    only_second = int((~first.right & second.right).sum())
    return {
        "only_first_right": only_first,
        "only_second_right": only_second,
        "both_right": int((first.right & second.right).sum()),
        "both_wrong": int((~first.right & ~second.right).sum()),
        "mcnemar_p": mcnemar(only_first, only_second),
    }
