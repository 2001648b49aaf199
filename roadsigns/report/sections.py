"""Parts of a page that show figures of all pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ..corruptions import CORRUPTIONS, LEVELS, SEVEN, corrupt
from ..scores import score
from . import charts, robustness
from .figures import LEFT_OUT
from .markup import Signs, bar, named, percent, picture, section, table
from .measures import by_size, wilson
from .mistakes import differences
from .robustness import Robustness
from .study import Study, Subject

MOST_ROWS = 100
"""Classes in the table; of more, those with the lowest accuracy."""
_CONFUSED = 10
_SIGNIFICANT = 0.05


def overview(study: Study, figures: Mapping[str, Any]) -> str:
    """The figures that matter most, as tiles."""
    low, high = figures["accuracy_interval"]
    damaged = figures["corruptions"]
    tiles = [
        ("accuracy", percent(figures["accuracy"]), f"95 % interval {percent(low)} to {percent(high)}"),
        ("mistakes", f"{figures['wrong']:,}", f"of {len(study.labels):,} pictures"),
        ("calibration error", percent(figures["ece"]), "how far the confidence is off, on average"),
        (
            "error without the least sure",
            percent(figures["error_without_least_sure_1_percent"]),
            f"when {LEFT_OUT:.0%} of the answers are left out".replace("%", " %"),
        ),
    ]
    if damaged:
        about = f"mean of seven corruptions, {damaged['pictures']:,} pictures"
        tiles.append(("corrupted", percent(damaged["mean_of_seven"], 1), about))
    shown = "".join(f"<div><dt>{name}</dt><dd>{value}<small>{about}</small></dd></div>" for name, value, about in tiles)
    absent = study.absent()
    some = ", ".join(escape(study.classes[each]) for each in absent[:5]) + (", ..." if len(absent) > 5 else "")
    warning = (
        f'<p class="note">{len(absent)} of {len(study.classes)} classes have no pictures in this split ({some}): '
        "nothing is known of them here.</p>"
        if absent
        else ""
    )
    return f'<dl class="tiles">{shown}</dl>{warning}'


def comparison(
    study: Study,
    subjects: Sequence[Subject],
    figures: Sequence[Mapping[str, Any]],
    both: Mapping[str, Any],
    signs: Signs,
) -> str:
    """Two models beside each other, with McNemar's test."""
    first, second = (escape(subject.name) for subject in subjects)
    p, a, b = both["mcnemar_p"], both["only_first_right"], both["only_second_right"]
    verdict = (
        f"So uneven a split of the pictures on which they differ would come about by chance alone with p = {p:.2g}: "
        + (f"<b>{first if a > b else second} is better</b>." if p < _SIGNIFICANT else "no difference is shown.")
    )
    rows: list[tuple[str, ...]] = [
        ("accuracy", *(percent(each["accuracy"]) for each in figures)),
        ("95 % interval", *("{} to {}".format(*map(percent, each["accuracy_interval"])) for each in figures)),
        ("mistakes", *(f"{each['wrong']:,}" for each in figures)),
        ("calibration error", *(percent(each["ece"]) for each in figures)),
        (
            "error without the least sure 1 %",
            *(percent(each["error_without_least_sure_1_percent"]) for each in figures),
        ),
    ]
    if figures[0]["corruptions"]:
        rows.append(("seven corruptions", *(percent(each["corruptions"]["mean_of_seven"], 1) for each in figures)))
    counts = table(
        ["answers", f"{second} right", f"{second} wrong"],
        [
            (f"{first} right", f"{both['both_right']:,}", f"{a:,}"),
            (f"{first} wrong", f"{b:,}", f"{both['both_wrong']:,}"),
        ],
    )
    text = f"{verdict} (McNemar's exact test on {a + b:,} pictures that one of the two alone names rightly.)"
    figures_table = table(["figure", *(_legend(number, subject.name) for number, subject in enumerate(subjects))], rows)
    body = f'<div class="pair">{figures_table}{counts}</div>{differences(study, subjects, signs)}'
    return section("comparison", "Two models", text, body)


def confusion(study: Study, subject: Subject, signs: Signs) -> str:
    """The confusion matrix, and the most frequent mistakes."""
    counts = score(subject.probabilities, study.labels).confusion
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    pairs = [divmod(int(each), len(counts)) for each in np.argsort(-wrong, axis=None, kind="stable")[:_CONFUSED]]
    rows = [
        (named(signs, study, of), named(signs, study, to), f"{wrong[of, to]:,}", f"of {counts[of].sum():,}")
        for of, to in pairs
        if wrong[of, to]
    ]
    shown = f" The {charts.MOST_CLASSES} classes with most mistakes." if len(counts) > charts.MOST_CLASSES else ""
    text = f"Rows are right classes, columns what the model names. Point at a cell for names and counts.{shown}"
    matrix = f'<div class="wide" tabindex="0">{charts.confusion_matrix(counts, study.classes)}</div>'
    frequent = table(["is", "is named", "times", "pictures"], rows) if rows else ""
    return section("confusion", "What is taken for what", text, f'<div class="pair matrix">{matrix}{frequent}</div>')


def classes(study: Study, subject: Subject, signs: Signs) -> str:
    """Accuracy of each class, the lowest first."""
    counts = score(subject.probabilities, study.labels).confusion
    rows = []
    for each in sorted(range(len(counts)), key=lambda i: (counts[i, i] / max(counts[i].sum(), 1), i)):
        pictures, right, called = (int(n) for n in (counts[each].sum(), counts[each, each], counts[:, each].sum()))
        precision = percent(right / called, 1) if called else "never named"
        if not pictures:
            rows.append((named(signs, study, each), "0", "no pictures", "", precision, ""))
            continue
        low, high = wilson(right, pictures)
        others = counts[each].copy()
        others[each] = 0
        taken = named(signs, study, int(others.argmax())) if others.any() else ""
        interval = f"{percent(low, 1)} to {percent(high, 1)}"
        accuracy = bar(right / pictures, percent(right / pictures, 1))
        rows.append((named(signs, study, each), f"{pictures:,}", accuracy, interval, precision, taken))
    with_pictures = [row for row in rows if row[1] != "0"] + [row for row in rows if row[1] == "0"]
    shown = f" The {MOST_ROWS} lowest of {len(rows):,}." if len(rows) > MOST_ROWS else ""
    text = (
        "Accuracy: how many pictures of the class are named rightly, with its 95 % interval, the lowest first. "
        f"Precision: how many of the pictures so named are of the class.{shown}"
    )
    head = ["class", "pictures", "accuracy", "interval", "precision", "most often taken for"]
    return section("classes", "Class by class", text, table(head, with_pictures[:MOST_ROWS], "classes"))


def confidence(subjects: Sequence[Subject], figures: Sequence[Mapping[str, Any]]) -> str:
    """Whether the confidence can be trusted: reliability, risk and coverage."""
    text = (
        "Left: of the answers of one confidence, as large a share should be right; on the dashed line the two agree. "
        "Large dots are many answers. "
        "Right: the error that is left when only the surest answers are kept, as where a person is asked about "
        "the others."
    )
    legend = _legends(subjects) if len(subjects) > 1 else ""
    eces = " and ".join(percent(each["ece"]) for each in figures)
    body = (
        f'{legend}<div class="pair"><figure>{charts.reliability_diagram(subjects)}<figcaption>Reliability; expected '
        f"calibration error {eces}</figcaption></figure><figure>{charts.risk_curve(subjects)}<figcaption>Risk and "
        "coverage</figcaption></figure></div>"
    )
    return section("confidence", "Can its confidence be trusted?", text, body)


def sizes(study: Study, subjects: Sequence[Subject]) -> str:
    """Accuracy by size of sign; nothing where the data does not tell."""
    if study.sizes is None:
        return ""
    groups = [by_size(study.sizes, subject.right) for subject in subjects]
    counts = ", ".join(f"{charts.size_name(each)}: {each.pictures:,}" for each in groups[0])
    width = study.images.shape[2]
    text = f"How large the sign was in the camera's picture, before it became {width} pixels wide. {counts}."
    legend = _legends(subjects) if len(subjects) > 1 else ""
    return section(
        "sizes", "Small signs and large ones", escape(text), f"{legend}<figure>{charts.size_chart(groups)}</figure>"
    )


def corrupted(study: Study, subjects: Sequence[Subject], found: Sequence[Robustness]) -> str:
    """Accuracy on corrupted pictures, each kind at each level, over a picture so corrupted."""
    if not found:
        text = (
            "Not measured for this page. <code>roadsigns evaluate --report DIR</code> corrupts pictures in eleven ways."
        )
        return section("robustness", "Bad weather, bad cameras", text)
    example = robustness.example(study)
    rows = []
    for name, corruption in CORRUPTIONS.items():
        cells = []
        for level in LEVELS:
            accuracies = [each.accuracies[name][level - 1] for each in found]
            shown = picture(corrupt(example, name, level)[0], "")
            numbers = "".join(_number(each, number) for number, each in enumerate(accuracies))
            cells.append(f'<div class="damage">{shown}{numbers}</div>')
        mean = "".join(_number(each.mean(name), number) for number, each in enumerate(found))
        star = "*" if name in SEVEN else ""
        title = f"<span>{name}{star}<small>{escape(corruption.about)}</small></span>"
        rows.append((title, *cells, f'<div class="damage mean">{mean}</div>'))
    count = len(robustness.chosen(study))
    each = "; ".join(
        f"{escape(subject.name)}: {percent(one.clean, 1)} as they are, {percent(one.mean_of_seven, 1)} in the mean "
        "of the seven with a star"
        for subject, one in zip(subjects, found, strict=True)
    )
    drawn = "pictures drawn at random" if count < len(study.labels) else "pictures"
    text = f"Accuracy in per cent on the same {count:,} {drawn}, corrupted in eleven ways at five levels. {each}."
    head = ["corruption", *(f"level {level}" for level in LEVELS), "mean"]
    legend = _legends(subjects) if len(subjects) > 1 else ""
    return section("robustness", "Bad weather, bad cameras", text, legend, table(head, rows, "damages"))


def _number(share: float, number: int) -> str:
    kind = "good" if share >= 0.95 else "fair" if share >= 0.8 else "poor"
    return f'<b class="{kind} of-{number}">{100 * share:.1f}</b>'


def _legend(number: int, name: str) -> str:
    return f'<span class="legend of-{number}">{escape(name)}</span>'


def _legends(subjects: Sequence[Subject]) -> str:
    return f'<p class="legends">{"".join(_legend(number, each.name) for number, each in enumerate(subjects))}</p>'
