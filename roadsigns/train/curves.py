"""A run's curves: loss and error by epoch."""

from __future__ import annotations

from collections.abc import Sequence

from ..plots import Plot, blank
from .history import Epoch


def draw(history: Sequence[Epoch]) -> Plot:
    """Loss and error (share of pictures named wrongly) by epoch."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter, StrMethodFormatter

    figure = blank(10, 4)
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
    for axes, form in ((left, StrMethodFormatter("{x:g}")), (right, PercentFormatter(1, decimals=None))):
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(form)
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    return Plot(figure)
