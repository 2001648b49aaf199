"""Models that are right or wrong in known ways."""

from __future__ import annotations

from typing import Any

import numpy as np


def classifier(images: Any, answers: Any, classes: int = 43, sure: float = 0.9) -> Any:
    """A model that knows pictures by heart: those it does not know it calls class 0."""
    known = {image.tobytes(): int(answer) for image, answer in zip(images, answers, strict=True)}

    def classify(pictures: Any) -> Any:
        rows = np.full((len(pictures), classes), (1 - sure) / (classes - 1), np.float32)
        for row, picture in zip(rows, pictures, strict=True):
            row[known.get(picture.tobytes(), 0)] = sure
        return rows

    return classify
