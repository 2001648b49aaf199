"""The curves hold the history they were given; read back from Matplotlib's own artists."""

import numpy as np

from roadsigns.train import curves
from roadsigns.train.history import Epoch


def test_curves_draw_loss_and_error():
    history = [Epoch(n, 1 / n, 0.5, 2 / n, 1 - 0.1 / n, 100, 1) for n in (1, 2)]
    lines = [line.get_ydata() for axes in curves.draw(history).figure.axes for line in axes.lines]
    np.testing.assert_allclose(lines, [[1, 0.5], [2, 1], [0.5, 0.5], [0.1, 0.05]])
