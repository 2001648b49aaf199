"""Plots of pictures and of what a model says of them, drawn by Matplotlib without a screen."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import preprocess, signs
from .exported import BEST
from .files import beside
from .preprocess import Pixels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Plot:
    """A drawn figure: saved as a PNG file, or shown by a notebook whose cell ends with it.

    Attributes:
        figure: Matplotlib's.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    def save(self, path: Path) -> None:
        """Write the PNG file `path`."""
        with beside(path) as fresh:
            self.figure.savefig(fresh, dpi=100)

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=100)
        return file.getvalue()


def samples(images: Pixels, labels: npt.NDArray[np.int64], names: Sequence[str] = signs.NAMES) -> Plot:
    """One picture of each class that `labels` holds, the one in the middle of the class, under its number and name.

    Args:
        images: uint8 RGB, shape `(N, H, W, 3)`.
        labels: shape `(N,)`, values below the number of names.
        names: of the classes.
    """
    columns = 8
    rows = -(-len(names) // columns)
    figure = blank(12, 2 * rows)
    for axes, class_id in zip(_grid(figure, rows, columns), range(len(names)), strict=False):
        found = np.flatnonzero(labels == class_id)
        if len(found):
            _show(axes, images[found[len(found) // 2]], f"{class_id} {names[class_id]}")
    return Plot(figure)


def histogram(labels: Mapping[str, npt.NDArray[np.int64]], classes: int = signs.COUNT) -> Plot:
    """How many pictures each class has, split by split.

    Args:
        labels: those of each split, by its name.
        classes: how many there are.
    """
    figure = blank(12, 4)
    axes = figure.subplots()
    width = 0.8 / len(labels)
    for position, (name, values) in enumerate(labels.items()):
        counts = np.bincount(values, minlength=classes)
        axes.bar(np.arange(classes) + (position - (len(labels) - 1) / 2) * width, counts, width, label=name)
    axes.set(xlabel="class", ylabel="pictures", xticks=range(classes), xlim=(-1, classes))
    axes.tick_params(axis="x", labelsize=8)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(labels), frameon=False)  # beside the bars
    return Plot(figure)


def steps(images: Pixels) -> Plot:
    """What preprocessing does: each picture in colour, in grey, with its histogram equalised, and divided by 255.

    Args:
        images: uint8 RGB, shape `(N, 32, 32, 3)`, a few.
    """
    grey = preprocess.grey(images)
    rows = zip(images, grey, preprocess.equalize(grey), preprocess.preprocess(images)[..., 0], strict=True)
    figure = blank(8, 2 * len(images))
    grid = iter(_grid(figure, len(images), 4))
    for row in rows:
        for step, picture in zip(("colour", "grey", "equalised", "÷ 255"), row, strict=True):
            white = 255 if picture.dtype == np.uint8 else 1
            form = ".0f" if white == 255 else ".2f"
            _show(next(grid), picture, f"{step}: {picture.min():{form}} to {picture.max():{form}}", white)
    return Plot(figure)


def guesses(
    images: Pixels,
    probabilities: npt.NDArray[np.floating[Any]],
    labels: npt.NDArray[np.int64] | None = None,
    names: Sequence[str] = signs.NAMES,
) -> Plot:
    """Pictures beside the five most probable classes of each as bars; the right class, where known, in another colour.

    Args:
        images: uint8 RGB, shape `(N, H, W, 3)`, a few.
        probabilities: shape `(N, classes)`.
        labels: the right classes, shape `(N,)`.
        names: of the classes.
    """
    figure = blank(9, 2 * len(images))
    grid = figure.subplots(len(images), 2, squeeze=False, width_ratios=(1, 3))
    for number, (left, right) in enumerate(grid):
        best = np.argsort(-probabilities[number], kind="stable")[:BEST]
        colours = ["C2" if labels is not None and i == labels[number] else "C0" for i in best]
        _show(left, images[number], "" if labels is None else names[labels[number]])
        bars = right.barh([names[i] for i in best], probabilities[number][best], color=colours)
        right.bar_label(bars, fmt="{:.1%}", padding=3, fontsize=8)
        right.invert_yaxis()
        right.set(xlim=(0, 1.15), xticks=())
    return Plot(figure)


def blank(width: float, height: float) -> Figure:
    """A figure without axes, in inches, that needs no screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _grid(figure: Figure, rows: int, columns: int) -> list[Any]:
    """Axes row by row, without ticks or frames."""
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for each in axes:
        each.set_axis_off()
    return axes


def _show(axes: Any, picture: npt.NDArray[Any], title: str, white: int = 255) -> None:
    axes.set_axis_off()
    axes.imshow(picture, cmap="gray", vmin=0, vmax=white)
    axes.set_title(textwrap.fill(title, 22, max_lines=2, placeholder="…"), fontsize=8)
