"""The page and the file of its figures, put together and written."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..files import beside, write_json
from . import figures, mistakes, robustness, sections
from .markup import Signs
from .study import Study, Subject

PAGE, FIGURES = "report.html", "report.json"
_MARK = '<meta name="generator" content="roadsigns report">'
_CONTENTS = (
    ("comparison", "Two models"),
    ("mistakes", "Mistakes"),
    ("confusion", "Confusion"),
    ("classes", "Classes"),
    ("confidence", "Confidence"),
    ("sizes", "Sizes"),
    ("robustness", "Robustness"),
    ("attention", "Attention"),
)


def check_place(folder: Path) -> None:
    """Refuse a folder for the page before anything is computed.

    Raises:
        UsageError: it cannot be written, or holds something else than an earlier page.
        OSError: it cannot be looked into.
    """
    place = f"--report {str(folder)!r}"
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{place} is a file. Name a folder, which is made where it is missing")
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{place} cannot be written: {str(there)!r} may not. Name a folder of your own")
    if folder.is_dir():
        other = sorted(set(os.listdir(folder)) - {PAGE, FIGURES})
        if other:
            some = ", ".join(other[:3]) + (", ..." if len(other) > 3 else "")
            raise UsageError(f"{place} holds other things ({some}). Name a folder that is new, or of an earlier page")
        page = folder / PAGE
        if (page.exists() and not _is_ours(page)) or ((folder / FIGURES).exists() and not page.exists()):
            raise UsageError(f"{place} holds a {PAGE} or {FIGURES} of another program. Name another folder")


def _is_ours(page: Path) -> bool:
    if not page.is_file():
        return False
    with page.open("rb") as file:
        return _MARK.encode() in file.read(2000)


def write(
    folder: Path,
    study: Study,
    subject: Subject,
    against: Subject | None = None,
    *,
    corrupt: bool = True,
    facts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write `report.html` and `report.json` into `folder`, which is made where it is missing.

    Args:
        folder: what is in it beside the two stays.
        study: the pictures.
        subject: the model.
        against: another model to compare with.
        corrupt: also measure the accuracy on corrupted pictures, 55 passes over up to 1,000.
        facts: what else belongs into the file: command, commit, machine, versions.

    Returns:
        The figures, as in `report.json`.

    Raises:
        OSError: the folder cannot be written.
    """
    subjects = [subject] if against is None else [subject, against]
    found = robustness.measure(study, subjects) if corrupt else []
    each = [figures.of(study, one, found[i] if found else None) for i, one in enumerate(subjects)]
    both = None if against is None else figures.compared(subject, against)
    summary = {
        "name": "report",
        "date": datetime.date.today().isoformat(),
        **(facts or {}),
        "data": study.data,
        "split": study.split,
        "pictures": len(study.labels),
        "classes": list(study.classes),
        **each[0],
        "against": each[1] if both else None,
        "comparison": both,
    }
    signs = Signs(study)
    body = [
        sections.overview(study, each[0]),
        sections.comparison(study, subjects, each, both, signs) if both else "",
        mistakes.mistakes(study, subject, signs),
        sections.confusion(study, subject, signs),
        sections.classes(study, subject, signs),
        sections.confidence(subjects, each),
        sections.sizes(study, subjects),
        sections.corrupted(study, subjects, found),
        mistakes.attention(study, subject, signs),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with beside(folder / PAGE) as fresh:
        fresh.write_text(_document(study, subjects, "".join(body), signs, summary), encoding="utf-8")
    write_json(folder / FIGURES, summary)
    return summary


def _document(study: Study, subjects: list[Subject], body: str, signs: Signs, summary: Mapping[str, Any]) -> str:
    names = " against ".join(escape(each.name) for each in subjects)
    style = resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    links = "".join(f'<a href="#{name}">{title}</a>' for name, title in _CONTENTS if f'<section id="{name}"' in body)
    whose = (
        f" What is shown of single pictures and classes is of {escape(subjects[0].name)}." if len(subjects) > 1 else ""
    )
    command = f"<br><code>{escape(summary['command'])}</code>" if summary.get("command") else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{_MARK}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{names}: report</title><style>{style}\n{signs.rules()}</style></head><body>"
        f"<header class='top'><h1>{names}</h1><p>on {len(study.labels):,} pictures of {escape(study.data)}, split "
        f"{escape(study.split)}.{whose}</p><nav aria-label='Contents'>{links}</nav></header><main>{body}</main>"
        f"<footer>Made on {summary['date']} by roadsigns; the figures are in {FIGURES} beside this page.{command}"
        "</footer></body></html>\n"
    )
