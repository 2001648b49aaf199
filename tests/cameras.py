"""Cameras with one factor at one amount, and what they take."""

from __future__ import annotations

import dataclasses

import numpy as np

from roadsigns.data.synthetic import Camera, Factor
from roadsigns.data.synthetic.camera import photograph
from roadsigns.data.synthetic.distributions import Uniform

PLAIN = Camera().only()
ALL = np.arange(43).repeat(3)


def always(name: str, amount: float, camera: Camera = PLAIN) -> Camera:
    """`camera` with one factor at one amount in every picture."""
    factor: Factor = getattr(camera, name)
    distribution = Uniform(amount, np.nextafter(np.float32(amount), np.float32(np.inf)))
    return dataclasses.replace(camera, **{name: dataclasses.replace(factor, distribution=distribution, chance=1.0)})


def take(camera: Camera, class_id: int = 1, count: int = 20, seed: int = 0) -> np.ndarray:
    return photograph(np.full(count, class_id), [seed], camera).astype(np.float64)
