"""Charts as SVG that takes its colours and letters from the page around it, in light and in dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from ..scores import BINS, reliability
from .measures import Group, risk, wilson
from .study import Subject

WIDTH, HEIGHT = 360, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 22, 10, 38
_SERIES = ("first", "second")
MOST_CLASSES = 60
"""Classes that a confusion matrix shows; of more, those with the most mistakes."""
_POINTS = 200


def reliability_diagram(subjects: Sequence[Subject]) -> str:
    """The share of right answers against the confidence; large dots are many answers."""
    frame = _Frame("confidence", "share right", (0, 1), (0, 1))
    parts = [frame.line([(0, 0), (1, 1)], "ideal")]
    for subject, series in zip(subjects, _SERIES, strict=False):
        bins = reliability(subject.confidence, subject.right)
        for i in np.flatnonzero(bins.pictures):
            pictures, sure, right = int(bins.pictures[i]), bins.confidence[i], bins.accuracy[i]
            low, high = wilson(round(right * pictures), pictures)
            about = f"{pictures:,} pictures: {sure:.1%} sure, {right:.1%} right"
            parts.append(frame.line([(sure, low), (sure, high)], f"interval {series}"))
            parts.append(frame.dot((sure, right), series, about, 2.5 + 5 * (pictures / bins.pictures.max()) ** 0.5))
    return frame.svg(parts, f"Reliability diagram in {BINS} bins", _percent)


def risk_curve(subjects: Sequence[Subject]) -> str:
    """The error of the answers that are kept against the share that is kept, the surest first."""
    curves = [risk(subject.confidence, subject.right) for subject in subjects]
    top = max(0.001, *(float(curve[len(curve) // 20 :].max()) for curve in curves))
    frame = _Frame("share of pictures kept, the surest ones", "error", (0, 1), (0, top))
    parts = []
    for curve, series in zip(curves, _SERIES, strict=False):
        taken = np.unique(np.linspace(0, len(curve) - 1, _POINTS).astype(int))
        parts.append(frame.line([((i + 1) / len(curve), min(curve[i], frame.y[1])) for i in taken], series))
    return frame.svg(parts, "Risk and coverage", _percent)


def size_chart(groups: Sequence[Sequence[Group]]) -> str:
    """Accuracy by size of sign, with intervals."""
    intervals = [[wilson(each.right, each.pictures) for each in some] for some in groups]
    lowest = min(low for some in intervals for low, _ in some)
    frame = _Frame("longer side of the sign in pixels", "accuracy", (-0.5, len(groups[0]) - 0.5), (lowest, 1))
    parts = []
    for number, (some, bounds, series) in enumerate(zip(groups, intervals, _SERIES, strict=False)):
        aside = (number - (len(groups) - 1) / 2) * 0.24
        for place, (each, (low, high)) in enumerate(zip(some, bounds, strict=True)):
            about = f"{each.right:,} of {each.pictures:,} right: {each.right / each.pictures:.2%}"
            parts.append(frame.line([(place + aside, low), (place + aside, high)], f"interval {series}"))
            parts.append(frame.dot((place + aside, each.right / each.pictures), series, about))
    marks = [(place, size_name(each)) for place, each in enumerate(groups[0])]
    return frame.svg(parts, "Accuracy by size of sign", _percent, marks)


def size_name(group: Group) -> str:
    """The sizes of a group, in words short enough to stand below a chart."""
    if group.high is None:
        return f"{group.low}+"
    return f"< {group.high}" if group.low == 0 else f"{group.low}-{group.high - 1}"


def confusion_matrix(confusion: npt.NDArray[np.int64], classes: Sequence[str]) -> str:
    """Right classes as rows, named classes as columns; a cell is as strong as its share of the row.

    Args:
        confusion: int64 `(classes, classes)`.
        classes: their names.
    """
    mistakes = confusion.sum(axis=0) + confusion.sum(axis=1) - 2 * confusion.diagonal()
    shown = np.sort(np.argsort(-mistakes, kind="stable")[:MOST_CLASSES])
    cell, left, top = 14, 30, 26
    rows = np.maximum(confusion.sum(axis=1), 1)
    parts = []
    for y, of in enumerate(shown):
        for x, named in enumerate(shown):
            count = int(confusion[of, named])
            if not count:
                continue
            share = count / rows[of]
            strength = share if of == named else max(0.4, share**0.5)
            about = f"{of} {classes[of]}, named {named} {classes[named]}: {count:,} of {rows[of]:,}"
            place = f'x="{left + x * cell}" y="{top + y * cell}" width="{cell - 1}" height="{cell - 1}"'
            kind = "right" if of == named else "wrong"
            parts.append(
                f'<rect {place} class="{kind}" fill-opacity="{strength:.2f}"><title>{escape(about)}</title></rect>'
            )
    side = len(shown) * cell
    for i, each in enumerate(shown):
        parts.append(f'<text x="{left - 5}" y="{top + i * cell + 10}" class="end small">{each}</text>')
        parts.append(f'<text x="{left + i * cell + 6}" y="{top - 6}" class="middle small">{each}</text>')
    parts.append(f'<rect x="{left - 1}" y="{top - 1}" width="{side + 1}" height="{side + 1}" class="frame"/>')
    size = f'viewBox="0 0 {left + side + 4} {top + side + 4}" width="{left + side + 4}" height="{top + side + 4}"'
    return f'<svg class="matrix" {size} role="img" aria-label="Confusion matrix">{"".join(parts)}</svg>'


class _Frame:
    """Axes, and what is drawn between them."""

    def __init__(self, x_name: str, y_name: str, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.names = (x_name, y_name)
        self.x, self.step = x, _step(y[1] - y[0])
        self.y = math.floor(y[0] / self.step + 1e-9) * self.step, math.ceil(y[1] / self.step - 1e-9) * self.step

    def _place(self, point: tuple[float, float]) -> tuple[float, float]:
        across = (point[0] - self.x[0]) / (self.x[1] - self.x[0])
        up = (point[1] - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        return _LEFT + across * (WIDTH - _LEFT - _RIGHT), HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM)

    def line(self, points: Sequence[tuple[float, float]], kind: str) -> str:
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self._place, points))
        return f'<polyline class="{kind}" points="{places}"/>'

    def dot(self, point: tuple[float, float], kind: str, about: str, radius: float = 4) -> str:
        x, y = self._place(point)
        return (
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"><title>{escape(about)}</title></circle>'
        )

    def svg(self, parts: Sequence[str], about: str, form: str, marks: Sequence[tuple[float, str]] | None = None) -> str:
        """The whole chart; `marks` stand below it, by default five numbers in the form `form`."""
        right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
        axes = []
        form_y = f"{{:.{max(0, -math.floor(math.log10(self.step) + 1e-9) - 2)}%}}"
        for value in np.arange(self.y[0], self.y[1] + self.step / 2, self.step):
            _, y = self._place((self.x[0], value))
            axes.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
            axes.append(f'<text class="end" x="{_LEFT - 6}" y="{y + 4:.1f}">{form_y.format(value)}</text>')
        for value, name in marks or [(value, form.format(value)) for value in np.linspace(*self.x, 5)]:
            x, _ = self._place((value, self.y[0]))
            axes.append(f'<text class="middle" x="{x:.1f}" y="{bottom + 16}">{escape(name)}</text>')
        middle = (_LEFT + right) / 2
        axes.append(f'<text class="middle name" x="{middle}" y="{HEIGHT - 5}">{escape(self.names[0])}</text>')
        body = "".join((*axes, *parts))
        return (
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(about)}: {escape(self.names[1])} by {escape(self.names[0])}">{body}</svg>'
        )


def _step(span: float) -> float:
    """The distance of at most six round numbers on an axis."""
    unit = 10.0 ** math.floor(math.log10(max(span, 1e-6) / 5))
    return next(unit * times for times in (1, 2, 5, 10) if unit * times * 5 >= span - 1e-9)


_percent = "{:.0%}"
