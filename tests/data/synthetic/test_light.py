"""How a scene is lit."""

from __future__ import annotations

import numpy as np
import pytest

from cameras import always, take


def test_exposure_sets_the_mean() -> None:
    for amount in (0.05, 0.2, 0.4):
        pictures = take(always("exposure", amount), 2)
        assert pictures.mean() == pytest.approx(255 * amount, abs=3)


def test_contrast_parts_sign_and_scene() -> None:
    bright, dark = take(always("contrast", 3), 15)[0], take(always("contrast", 0.4), 15)[0]
    middle, corner = np.s_[12:20, 12:20], np.s_[:3, :3]
    assert bright[middle].mean() > 2 * bright[corner].mean()
    assert dark[middle].mean() < dark[corner].mean()
