"""Ultralytics' classifier on one photo, as its documentation shows it: `python ultralytics_classify.py WEIGHTS PHOTO`.

Runs in an environment of its own, `pip install ultralytics`. `WEIGHTS` is made where it is not there: the smallest of
its networks with 43 classes and random weights, since time and memory do not depend on what they have learnt.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ultralytics import YOLO


def main(weights: str, photo: str) -> None:
    """Print the most probable class."""
    if not Path(weights).is_file():
        from ultralytics.nn.tasks import ClassificationModel

        made = YOLO("yolo11n-cls.yaml")
        made.model = ClassificationModel("yolo11n-cls.yaml", nc=43, verbose=False)
        made.model.task = "classify"
        made.save(weights)
        return
    result = YOLO(weights)(photo, imgsz=32, verbose=False, device="cpu")[0]
    print(result.names[result.probs.top1], float(result.probs.top1conf))


if __name__ == "__main__":
    main(*sys.argv[1:])
