"""What years by the road do to a sign."""

from __future__ import annotations

import pytest

from cameras import always, take


def test_tone_darkens_dark_shades_most() -> None:
    """By hand: 0.8 of the way to its square, a red of 187 / 255 becomes 0.577, a white of 241 / 255 becomes 0.903."""
    dim = always("exposure", 0.2)
    plain, toned = take(dim, 17), take(always("tone", 0.8, dim), 17)
    for pictures, expected in ((plain, 187 / 241), (toned, 0.577 / 0.903)):
        ratio = pictures[:, 8, 16, 0] / pictures[:, 16, 16, 0]
        assert ratio.mean() == pytest.approx(expected, rel=0.03)
