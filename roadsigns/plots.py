"""Pictures of a run, drawn by Matplotlib without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .files import beside

if TYPE_CHECKING:
    from .runs import Epoch


def curves(history: Sequence[Epoch], path: Path) -> None:
    """Draw loss and error (share of pictures named wrongly) by epoch into the PNG file `path`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter

    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    epochs = [row.epoch for row in history]
    left.plot(epochs, [row.loss for row in history], marker=".", label="training (units dropped)")
    left.plot(epochs, [row.validation_loss for row in history], marker=".", label="validation")
    left.set(xlabel="epoch", ylabel="loss (nats)", yscale="log")
    right.plot(epochs, [1 - row.accuracy for row in history], marker=".", label="training (units dropped)")
    right.plot(epochs, [1 - row.validation_accuracy for row in history], marker=".", label="validation")
    best = max(history, key=lambda row: row.validation_accuracy)
    right.set(
        xlabel="epoch", ylabel="error", yscale="log", title=f"best validation accuracy {best.validation_accuracy:.2%}"
    )
    right.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    right.yaxis.set_major_formatter(PercentFormatter(1))
    right.yaxis.set_minor_formatter(NullFormatter())
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    with beside(path) as fresh:
        figure.savefig(fresh, dpi=100)
