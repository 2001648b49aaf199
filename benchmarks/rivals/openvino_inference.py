"""An ONNX file in OpenVINO, on noise: the rival of the engine that names many pictures.

A process of its own, in an environment of its own. It reads a JSON object a line and answers with one:

    {"model": "small.onnx", "batch": 2048, "channels": 3}
    {"steps": 10}                   names the batch so many times; answers with the seconds that took
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import openvino


def main() -> None:
    """Answer line by line until stdin ends."""
    print(json.dumps({"ready": openvino.__version__}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "model" in asked:
            start = time.perf_counter()
            hint = "LATENCY" if asked["batch"] == 1 else "THROUGHPUT"
            compiled = openvino.Core().compile_model(asked["model"], "CPU", {"PERFORMANCE_HINT": hint})
            shape = (asked["batch"], 32, 32, asked["channels"])
            images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
            told = {"compile_seconds": time.perf_counter() - start}
        else:
            start = time.perf_counter()
            for _ in range(asked["steps"]):
                compiled({"x": np.divide(images, np.float32(255), dtype=np.float32)})
            told = {"seconds": time.perf_counter() - start}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
