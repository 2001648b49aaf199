"""How long does `roadsigns serve` take from its start to its first answer? Written to `results/start.json`.

    python benchmarks/start_server.py MODELS

MODELS is what `roadsigns export --output` was given. The rival is the least that anybody who serves a SavedModel with
TensorFlow has to do: a Python that imports TensorFlow and loads it. In pairs, in turn, ROUNDS times after one to warm
the disk's cache; a good ratio, rival over subject, is 0.67 or more: at most one and a half times as long.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from rows import compare, described, write
from server import Server, body, pictures, shape

ROUNDS = 7
LOAD = "import sys, tensorflow; assert tensorflow.saved_model.load(sys.argv[1]).signatures"


def served(base: Path, x) -> float:
    start = time.perf_counter()
    server = Server(base)
    try:
        if server.answer(body(x)).shape != (1, 43):
            raise SystemExit("The server's answer is of another shape")
        return time.perf_counter() - start
    finally:
        server.close()


def loaded(version: Path) -> float:
    start = time.perf_counter()
    environ = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", LOAD, version], check=True, env=environ, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main(base: Path) -> None:
    version = max(base.iterdir(), key=lambda path: int(path.name))
    x = pictures(1, shape(version))
    ours, theirs = [], []
    for number in range(ROUNDS + 1):
        turns = [(ours, lambda: served(base, x)), (theirs, lambda: loaded(version))]
        for times, measure in turns[:: 1 if number % 2 else -1]:
            times.append(measure())
    subject, rival = "roadsigns serve, to its first answer", "import tensorflow; tensorflow.saved_model.load(PATH)"
    result = {
        **described("start", "start_server.py MODELS"),
        **compare(ours[1:], theirs[1:], subject, rival, less=True, unit="seconds"),
    }
    write("start", result)
    print({key: result[key] for key in ("subject_value", "rival_value", "ratio")})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
