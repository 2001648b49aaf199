"""What the optics do to the light: defocus, smear of motion, and colours that do not quite meet."""

from __future__ import annotations

import numpy as np

from .distributions import Floats
from .frames import Frames

REACH = 4
"""How far light is spread at most, in pixels."""
_SHARP = 0.05
_LEAST = 1e-3
# Moments of an exposure that a smear is made of.
_MOMENTS = np.linspace(-0.5, 0.5, 7, dtype=np.float32)


def blur(frames: Frames, light: Floats) -> Floats:
    """Spread the light of each picture by its own kernels, one for each axis: a new array `(3, N, S, S)`."""
    along = frames.random("motion").integers(2, size=len(frames))
    smear = frames.amounts["motion"] * frames.view.extent.max(axis=1)
    for axis in (0, 1):
        light = _spread(light, _kernels(frames, axis, smear * (along == axis)), 3 - axis)
    return light


def _kernels(frames: Frames, axis: int, smear: Floats) -> Floats:
    """Weights of the pixels up to `REACH` away along an axis (0 across, 1 down): `(3, N, 2 REACH + 1)`."""
    shift = frames.amounts["fringe"][:, axis]
    shifts = np.stack([shift, np.zeros_like(shift), -shift])[:, :, None, None]  # red, green, blue
    deviation = np.maximum(frames.amounts["defocus"], np.float32(_SHARP))[:, None, None]
    taps = np.arange(-REACH, REACH + 1, dtype=np.float32)[:, None]
    distance = (taps - shifts - smear[:, None, None] * _MOMENTS) / deviation
    weights = np.exp(np.maximum(-0.5 * distance**2, np.float32(-80))).sum(axis=-1)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _spread(light: Floats, kernels: Floats, axis: int) -> Floats:
    size, used = light.shape[axis], np.flatnonzero(kernels.max(axis=(0, 1)) > _LEAST)
    wide = np.pad(light, [(REACH, REACH) if each == axis else (0, 0) for each in range(4)], mode="edge")
    result, part = np.zeros_like(light), np.empty_like(light)
    for tap in used:
        shifted = wide[:, :, tap : tap + size] if axis == 2 else wide[..., tap : tap + size]
        result += np.multiply(shifted, kernels[:, :, tap, None, None], out=part)
    return result
