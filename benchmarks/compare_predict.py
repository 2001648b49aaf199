"""`roadsigns predict`: time and memory for one photo, and small files a second, each beside a rival in the same run.

    python benchmarks/compare_predict.py [PYTHON]

A good number: .3 s of the processor and 100 MB for one photo, a thousand files of 32 pixels a second on two cores.

For one photo the rivals are what `predict` did at first, the `.keras` file of the same weights loaded by Keras on
TensorFlow; and, where `PYTHON` is one of an environment with `pip install ultralytics`, the classifier of Ultralytics
(`rivals/ultralytics_classify.py`). For many files the rival is the loop that a person writes: Pillow opens a file, ONNX
Runtime runs it with its own threads, and the next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rows import compare, described, write

TURNS = 5
FILES = 1000
PYTHON = (sys.executable, "-c")
OURS = "roadsigns predict, ONNX Runtime"
HERE = Path(__file__).parent
PHOTO = str(HERE.parent / "fixtures" / "pictures" / "design-14.jpg")
SUBJECT = f"from roadsigns import predict; predict.main(['--model', 'small', {PHOTO!r}])"
RIVAL = f"""
from roadsigns import classifier, loading, models
small = models.find("small")
print(classifier.Classifier(small, *loading.by_keras(small)).predict({PHOTO!r}))
"""
LOOP = """
import glob, sys
import numpy as np, onnxruntime
from PIL import Image
from roadsigns import models
session = onnxruntime.InferenceSession(str(models.find("small").onnx))
for file in sorted(glob.glob(sys.argv[1] + "/*")):
    pixels = np.asarray(Image.open(file).convert("RGB"), np.float32)[None] / np.float32(255)
    print(file, session.run(["y"], {"x": pixels})[0].argmax())
"""


def cost(*command: str) -> tuple[float, float]:
    """Seconds and MB of a command."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"failed: {command}")
    return time.perf_counter() - started, usage.ru_maxrss / 1000


def files_per_second(folder: str) -> tuple[float, float]:
    """Of one command for the `FILES` files of a folder, its start included: ours, and the loop's."""
    ours = cost(*PYTHON, f"from roadsigns import predict; predict.main(['--model', 'small', '--json', {folder!r}])")
    loop = cost(*PYTHON, LOOP, folder)
    return FILES / ours[0], FILES / loop[0]


def compared(name: str, rival: str, unit: str, pairs: list[tuple[float, float]], *, less: bool) -> dict[str, Any]:
    """A result; `less` is whether less of the unit is better."""
    ours, theirs = zip(*pairs, strict=True)
    return {**described(name, "compare_predict.py"), **compare(ours, theirs, OURS, rival, less=less, unit=unit)}


def main(other: str | None = None) -> None:
    """Print the result as JSON, and write it."""
    rivals = {"the same weights by Keras on TensorFlow": (*PYTHON, RIVAL)}
    results = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["YOLO_CONFIG_DIR"] = folder
        if other is not None:
            ultralytics = (other, str(HERE / "rivals" / "ultralytics_classify.py"), f"{folder}/made.pt", PHOTO)
            cost(*ultralytics)  # makes the weights
            rivals["Ultralytics, yolo11n-cls of 43 classes at 32 pixels, PyTorch"] = ultralytics
        for rival, command in rivals.items():
            pairs = [(cost(*PYTHON, SUBJECT), cost(*command)) for _ in range(TURNS)]
            for place, unit in ((0, "seconds for one photo"), (1, "MB at most for one photo")):
                values = [(ours[place], theirs[place]) for ours, theirs in pairs]
                results.append(compared("predict", rival, unit, values, less=True))
    with tempfile.TemporaryDirectory() as folder:
        for number, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (FILES, 32, 32, 3), np.uint8)):
            Image.fromarray(pixels).save(Path(folder, f"{number:04d}.png"))
        rates = [files_per_second(folder) for _ in range(TURNS)]
    unit = f"files of 32 x 32 pixels a second, {FILES} of them, start included"
    rival = "a loop of Pillow and ONNX Runtime, a file at a time"
    results.append(compared("predict-many", rival, unit, rates, less=False))
    write("predict", results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
