"""Parts of a page that show single pictures: the worst mistakes, where the model looks, where two models differ."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from ..exported import BEST
from ..preprocess import Pixels
from .attention import look
from .markup import Signs, bar, named, percent, picture, section
from .study import Study, Subject

WORST, ALIKE = 12, 2
"""Mistakes that are shown, and how many of them may have the same two classes."""
LOOKED_AT = 8
DIFFERENT = 6
_HEAT = (255, 120, 0)


def worst(subject: Subject) -> list[int]:
    """The mistakes that the model is surest of, few of a kind."""
    seen: dict[tuple[int, int], int] = {}
    found = []
    for number in np.argsort(-subject.confidence, kind="stable"):
        if subject.right[number]:
            continue
        kind = (int(subject.labels[number]), int(subject.guesses[number]))
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= ALIKE:
            found.append(int(number))
    return found[:WORST]


def mistakes(study: Study, subject: Subject, signs: Signs) -> str:
    """The worst mistakes with their five guesses."""
    found = worst(subject)
    if not found:
        return section("mistakes", "The worst mistakes", "There are none: every picture is named rightly.")
    text = (
        f"The wrong answers that the model is surest of, at most {ALIKE} with the same two classes. The bars are the "
        f"{min(BEST, len(study.classes))} most probable classes; the right one is marked."
    )
    cards = "".join(_card(study, subject, signs, number) for number in found)
    return section("mistakes", "The worst mistakes", text, f'<div class="cards">{cards}</div>')


def _card(study: Study, subject: Subject, signs: Signs, number: int) -> str:
    label = int(study.labels[number])
    guesses = "".join(
        f'<li class="{"is-right" if each == label else ""}">{named(signs, study, each)}{bar(share, percent(share, 1))}'
        "</li>"
        for each, share in subject.best(number, BEST)
    )
    side = "" if study.sizes is None else f", {study.sizes[number][0]} by {study.sizes[number][1]} pixels"
    shown = picture(study.images[number], f"Picture {number}, {study.classes[label]}")
    return (
        f'<article class="card"><header>{shown}<div><small>picture {number}{side}, is</small>'
        f"{named(signs, study, label)}<small>is named</small>{named(signs, study, int(subject.guesses[number]))}</div>"
        f"</header><ol>{guesses}</ol></article>"
    )


def looked_at(subject: Subject) -> list[int]:
    """The worst mistakes, and right answers of as many classes, drawn at random and the same ones each time."""
    wrong = worst(subject)[: LOOKED_AT // 2]
    order = np.random.default_rng(0).permutation(np.flatnonzero(subject.right))
    _, firsts = np.unique(subject.labels[order], return_index=True)
    return [*wrong, *(int(each) for each in order[np.sort(firsts)][: LOOKED_AT - len(wrong)])]


def attention(study: Study, subject: Subject, signs: Signs) -> str:
    """Pictures with what matters in them to the model."""
    text = (
        "A square of the picture's mean colour covers the picture, place by place. Where covering makes the model less "
        "sure of the class that it names, the picture glows. First the worst mistakes, then right answers."
    )
    cards = []
    for number in looked_at(subject):
        image = study.images[number]
        seen = look(subject.classify, image)
        name = study.classes[seen.class_id]
        plain, glowing = (
            picture(image, f"Picture {number}"),
            picture(_glow(image, seen.weight), f"What matters: {name}"),
        )
        mark = "right" if subject.right[number] else "wrong"
        cards.append(
            f'<figure class="look {mark}"><div>{plain}{glowing}</div><figcaption>{named(signs, study, seen.class_id)}'
            f"<small>{mark}, {percent(seen.whole, 1)} sure; partly covered {percent(seen.lowest, 1)} at worst</small>"
            "</figcaption></figure>"
        )
    return section("attention", "Where the model looks", text, f'<div class="looks">{"".join(cards)}</div>')


def _glow(image: Pixels, weight: npt.NDArray[np.float64]) -> Pixels:
    """The picture in dark grey, with what matters in orange light."""
    grey = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2) * 0.55
    share = 0.75 * weight[..., np.newaxis]
    mixed: Pixels = np.rint(grey * (1 - share) + np.array(_HEAT) * share).astype(np.uint8)
    return mixed


def differences(study: Study, subjects: Sequence[Subject], signs: Signs) -> str:
    """Pictures that one of two models alone names rightly, those that the other is surest of."""
    parts = []
    for better, worse in (subjects, reversed(subjects)):
        only = np.flatnonzero(better.right & ~worse.right)
        chosen = only[np.argsort(-worse.confidence[only], kind="stable")][:DIFFERENT]
        pictures = "".join(
            f'<figure class="difference">{picture(study.images[i], f"Picture {i}")}<figcaption>'
            f"{named(signs, study, int(study.labels[i]))}<small>the other says</small>"
            f"{named(signs, study, int(worse.guesses[i]))}</figcaption></figure>"
            for i in chosen
        )
        title = f"Only {escape(better.name)} is right ({len(only):,})"
        parts.append(f'<h3>{title}</h3><div class="looks">{pictures or "<p>None.</p>"}</div>')
    return "".join(parts)
