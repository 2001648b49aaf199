"""How fast does this machine train and name signs? One script, one JSON: `python benchmarks/gpu.py OUT.json`.

For a GPU with JAX, where neither TensorFlow nor tox nor a network need be; also for a CPU, and for TensorFlow:

    KERAS_BACKEND=jax python benchmarks/gpu.py OUT.json                       three minutes at most
    KERAS_BACKEND=jax python benchmarks/gpu.py OUT.json --rivals python3      and PyTorch in turn with ours
    python benchmarks/gpu.py OUT.json --quick                                 a minute or two on a CPU

The file is written anew after each row, so what is cut off keeps its rows. A row is the median of its rounds, in images
a second, with minimum and maximum; its share of the operations that the device can do at most, measured in the same
run; what it took to compile. Or it is `absent`, with the reason. Pictures and classes are noise: any are the same work.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path

if not importlib.util.find_spec("roadsigns"):  # a checkout on a machine where nothing can be installed
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.5")  # PyTorch wants its share of the memory

from stopwatch import Limit

from roadsigns import backend

PARTS = {"training": 0.6, "inference": 0.25, "preparation": 0.05, "engines": 0.1}
"""The parts, and the share of the time that each may take."""


def main() -> None:
    """Measure, part by part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT.json", help="the file that is written")
    parser.add_argument("--quick", action="store_true", help="a few small rows, to see that all works")
    parser.add_argument("--seconds", type=float, default=170, help="time for all but the rivals (default: 170)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="only these parts")
    parser.add_argument("--rivals", metavar="PYTHON", help="an interpreter that has PyTorch, to take turns with")
    parser.add_argument("--rivals-seconds", type=float, default=240, help="time for the rivals (default: 240)")
    parser.add_argument("--commit", help="commit of the checkout, where there is no git to tell it")
    options = parser.parse_args()
    backend.start()
    import gpu_inference
    import gpu_rivals
    import gpu_training
    import peaks
    from gpu_report import Report

    limit = Limit(options.seconds)
    report = Report(options.out, options.quick, limit, options.commit)
    report.write()  # a place that cannot be written is told before the work
    if report.content["versions"]["backend"] == "jax":
        report.content["peaks"] = peaks.measured(options.quick)
    run = {
        "training": gpu_training.measure,
        "inference": gpu_inference.on_the_device,
        "preparation": gpu_inference.preparation,
        "engines": gpu_inference.from_the_host,
    }
    trained = {}
    for number, name in enumerate(options.parts):
        left = sum(PARTS[each] for each in options.parts[number:])
        with limit.part((limit.total - limit.passed) * PARTS[name] / left):  # what a part leaves, the next ones have
            trained |= run[name](report) or {}
    if options.rivals:
        limit.total = limit.passed + options.rivals_seconds
        with limit.part(options.rivals_seconds):
            gpu_rivals.measure(report, trained, options.rivals)
    report.content["seconds"] = limit.passed
    report.content["device_memory_bytes"] = report.peak_memory()
    report.write()


if __name__ == "__main__":
    main()
