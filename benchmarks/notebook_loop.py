"""The preprocessing as the seed notebook has it: one picture at a time through OpenCV and scikit-image."""

from __future__ import annotations

import cv2
import numpy as np
from skimage.filters import rank
from skimage.morphology import disk

_FOOTPRINT = disk(30)


def notebook_loop(images):
    """uint8 RGB `(N, 32, 32, 3)` to float32 `(N, 32, 32, 1)`."""
    steps = (rank.equalize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), footprint=_FOOTPRINT) / 255 for image in images)
    return np.stack(list(steps))[..., np.newaxis].astype(np.float32)
