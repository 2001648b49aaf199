"""The notebook's own preprocessing, by OpenCV and scikit-image, picture by picture."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from skimage.filters import rank
from skimage.morphology import disk

Pixels = npt.NDArray[np.uint8]


def oracle_grey(images: Pixels) -> Pixels:
    return np.array([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images], np.uint8).reshape(-1, 32, 32)


def oracle_equalize(images: Pixels) -> Pixels:
    return np.array([rank.equalize(image, disk(30)) for image in images], np.uint8).reshape(-1, 32, 32)


def oracle_preprocess(images: Pixels) -> npt.NDArray[np.float32]:
    return (oracle_equalize(oracle_grey(images)) / 255).astype(np.float32)[..., np.newaxis]
