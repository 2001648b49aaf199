"""How many times faster than the notebook's loop is the preprocessing? Written to `results/preprocess.json`.

    taskset -c 0 python benchmarks/compare_preprocess.py ARCHIVE

Both sides run in turn on the same core and the same 512 validation pictures, once to warm up and then ROUNDS times; a
round gives one ratio. Both must give the same bits.
"""

from __future__ import annotations

import sys
from importlib.metadata import version

import numpy as np
from notebook_loop import notebook_loop
from rows import compare, described, write
from stopwatch import seconds

from roadsigns import data
from roadsigns.preprocess import preprocess

ROUNDS = 15
PICTURES = 512
RIVALS = ("opencv-python-headless", "scikit-image")


def main(archive: str) -> None:
    images = data.load(archive).valid.images[:PICTURES]
    if not np.array_equal(notebook_loop(images), preprocess(images)):
        raise SystemExit("the two sides differ")
    sides = preprocess, notebook_loop
    rounds = [[seconds(lambda side=side: side(images)) for side in sides] for _ in range(ROUNDS)]
    subject, rival = ([PICTURES / value for value in side] for side in zip(*rounds, strict=True))
    titles = (
        f"roadsigns.preprocess.preprocess, batch of {PICTURES}",
        "the notebook's loop: OpenCV cvtColor, scikit-image rank.equalize(disk(30)), one picture at a time",
    )
    origin = described("preprocess", "compare_preprocess.py ARCHIVE", **{name: version(name) for name in RIVALS})
    command = "taskset -c 0 python benchmarks/compare_preprocess.py ARCHIVE"
    result = {**origin, "command": command, **compare(subject, rival, *titles)}
    write("preprocess", result)
    print(result["ratio"])


if __name__ == "__main__":
    main(sys.argv[1])
