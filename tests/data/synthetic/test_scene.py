"""What stands behind a sign."""

from __future__ import annotations

import numpy as np
import pytest

from cameras import PLAIN, always, take


def test_sky_brightens_upwards() -> None:
    pictures = take(always("sky", 0.5), 2)
    ratio = pictures[:, 0].mean() / pictures[:, 31].mean()  # 31 pixels apart; the sign is 80 / 3 high
    assert ratio == pytest.approx(np.exp(0.5 * 31 / (80 / 3)), rel=0.02)


def test_plate_is_below_the_sign_only() -> None:
    plain, plated = take(PLAIN, 2, 60), take(always("plate", 0.4), 2, 60)
    brighter = plated[:, 31, 16, 1] > 1.1 * plain[:, 31, 16, 1]
    assert 0.4 < brighter.mean() < 0.9  # the crop ends at 0.6 of the sign's height, a plate begins at 0.5 to 0.62
    relative = plated[:, :, 16] / plated[:, 16:17, 16]
    np.testing.assert_allclose(relative[:, :26], (plain[:, :, 16] / plain[:, 16:17, 16])[:, :26], atol=0.03)
