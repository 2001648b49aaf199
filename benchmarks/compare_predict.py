"""`roadsigns predict` of one photo: time and memory against the same weights loaded by Keras; and photos a second.

    python benchmarks/compare_predict.py

A good number: .3 s of the processor and 100 MB for one photo, a thousand files of 32 pixels a second on two cores.
The rival is what `predict` did before: the `.keras` file of the same weights, loaded by Keras on TensorFlow.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from server import described

TURNS = 5
FILES = 1000
PHOTO = str(Path(__file__).parent.parent / "fixtures" / "pictures" / "design-14.jpg")
SUBJECT = f"from roadsigns import predict; predict.main(['--model', 'notebook', {PHOTO!r}])"
RIVAL = f"""
from roadsigns import classifier, models
print(classifier._by_keras(models.find("notebook")).predict({PHOTO!r}))
"""


def cost(program: str) -> tuple[float, float]:
    """Seconds and MB of a fresh Python that runs `program`."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"failed: {program}")
    return time.perf_counter() - started, usage.ru_maxrss / 1000


def files_per_second() -> float:
    """Of one command for `FILES` files, its start included."""
    with tempfile.TemporaryDirectory() as folder:
        for number, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (FILES, 32, 32, 3), np.uint8)):
            Image.fromarray(pixels).save(Path(folder, f"{number:04d}.png"))
        program = f"from roadsigns import predict; predict.main(['--model', 'notebook', '--json', {folder!r}])"
        return FILES / cost(program)[0]


def spread(values: list[float], digits: int) -> dict[str, float]:
    """As result files have it."""
    return {
        "median": round(statistics.median(values), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
    }


def main() -> None:
    """Print the result as JSON."""
    pairs = [(cost(SUBJECT), cost(RIVAL)) for _ in range(TURNS)]
    results = []
    for place, unit, digits in ((0, "seconds for one photo", 2), (1, "MB at most for one photo", 0)):
        ours, theirs = [pair[0][place] for pair in pairs], [pair[1][place] for pair in pairs]
        results.append(
            {
                **described("predict", "compare_predict.py"),
                "subject": "roadsigns predict, ONNX Runtime",
                "rival": "the same weights by Keras on TensorFlow",
                "unit": unit,
                "subject_value": spread(ours, digits),
                "rival_value": spread(theirs, digits),
                "ratio": spread([two / one for one, two in zip(ours, theirs, strict=True)], 2),
            }
        )
    rates = [files_per_second() for _ in range(3)]
    results.append(
        {
            **described("predict-many", "compare_predict.py"),
            "unit": f"files of 32 x 32 pixels a second, {FILES} of them, start included",
            "value": spread(rates, 0),
        }
    )
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
