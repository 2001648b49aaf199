"""How many times faster than the notebook's loop is the preprocessing? Written to `results/preprocess.json`.

    taskset -c 0 python benchmarks/compare_preprocess.py ARCHIVE

Both sides run in turn on the same core and the same 512 validation pictures, once to warm up and then ROUNDS times; a
round gives one ratio. Both must give the same bits.
"""

from __future__ import annotations

import datetime
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from notebook_loop import notebook_loop

from roadsigns import data, machine
from roadsigns.files import write_json
from roadsigns.preprocess import preprocess

ROUNDS = 15
PICTURES = 512
RIVALS = ("opencv-python-headless", "scikit-image")


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def seconds(function, images):
    start = time.perf_counter()
    function(images)
    return time.perf_counter() - start


def main(archive: str) -> None:
    images = data.load(archive).valid.images[:PICTURES]
    if not np.array_equal(notebook_loop(images), preprocess(images)):
        raise SystemExit("the two sides differ")
    rounds = [(seconds(preprocess, images), seconds(notebook_loop, images)) for _ in range(ROUNDS)]
    subject, rival = ([PICTURES / value for value in side] for side in zip(*rounds, strict=True))
    result = {
        "name": "preprocess",
        "command": "taskset -c 0 python benchmarks/compare_preprocess.py ARCHIVE",
        "commit": machine.commit(),
        "date": datetime.date.today().isoformat(),
        "machine": {**machine.hardware(), "accelerator": None},
        "versions": {**machine.versions(), **{name: version(name) for name in RIVALS}},
        "subject": f"roadsigns.preprocess.preprocess, batch of {PICTURES}",
        "rival": "the notebook's loop: OpenCV cvtColor, scikit-image rank.equalize(disk(30)), one picture at a time",
        "unit": "images per second",
        "subject_value": spread(subject),
        "rival_value": spread(rival),
        "ratio": spread([rival_s / subject_s for subject_s, rival_s in rounds]),
    }
    write_json(Path(__file__).parent / "results" / "preprocess.json", result)
    print(result["ratio"])


if __name__ == "__main__":
    main(sys.argv[1])
