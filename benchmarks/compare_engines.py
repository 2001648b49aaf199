"""How much faster than a call of the exported signature is the server's engine? Written to `results/engines.json`.

    python benchmarks/compare_engines.py VERSION_FOLDER

The folder is what `roadsigns export` writes where `roadsigns[onnxruntime]` is installed. The rival is what TensorFlow's
guide shows: `tf.saved_model.load(...).signatures["serving_default"]`. The subjects are each engine alone and as the
server uses it, with the way through the batches. All take the same pictures at keep probability 1, in turn, once to
warm up and then in ROUNDS rounds; a round gives one ratio. A good ratio is well above 1 for a single picture, and not
below 1 for many.
"""

from __future__ import annotations

import datetime
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from roadsigns import backend
from roadsigns.files import write_json
from roadsigns.serving import engine
from roadsigns.serving.servable import Servable

CALLS = {1: 40, 32: 4, 512: 1}
"""Calls in a round, by the number of pictures."""

ROUNDS = 15


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def seconds(call, calls):
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def contenders(folder):
    """By name, functions from `x` to the class probabilities; the rival first."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    one = np.ones(1, np.float32)

    def signature(x):
        ones = tf.constant(one)
        return loaded.signatures["serving_default"](x=tf.constant(x), keep_prob=ones, keep_prob_conv=ones)["y"].numpy()

    found = {"signature": signature}
    for kind in engine.ENGINES:
        alone, served = engine.load(folder, kind), Servable("benchmark", 1, folder, kind)
        found[kind] = lambda x, alone=alone: alone.run("serving_default", {"x": x})["y"]
        found[f"{kind}, served"] = lambda x, served=served: served.run(
            "", {"x": x, "keep_prob": one, "keep_prob_conv": one}
        )["y"]
    return found


def compare(functions, images, calls):
    """Seconds a call takes, by contender, one number a round."""
    x = np.random.default_rng(0).random((images, 32, 32, 1), dtype=np.float32)
    want = functions["signature"](x)
    for name, function in functions.items():
        if not np.allclose(function(x), want, atol=1e-5):
            raise SystemExit(f"{name} gives other answers for {images} pictures")
    taken = {name: [] for name in functions}
    for _ in range(ROUNDS):
        for name, function in functions.items():
            taken[name].append(seconds(lambda function=function: function(x), calls))
    return taken


def main(folder: str) -> None:
    backend.require_tensorflow("This benchmark")
    functions = contenders(Path(folder))
    common = {
        "command": "python benchmarks/compare_engines.py VERSION_FOLDER",
        "commit": backend.commit(),
        "date": datetime.date.today().isoformat(),
        "machine": backend.machine(),
        "versions": {**backend.versions(), "onnxruntime": version("onnxruntime")},
        "rival": "tf.saved_model.load(...).signatures['serving_default']",
        "unit": "images per second",
    }
    results = []
    for images, calls in CALLS.items():
        taken = compare(functions, images, calls)
        rival = taken.pop("signature")
        for name, own in taken.items():
            ratio = spread([theirs / ours for ours, theirs in zip(own, rival, strict=True)])
            results.append(
                {
                    "name": f"engine {name}, {images} at once",
                    **common,
                    "subject": name,
                    "images": images,
                    "subject_value": spread([images / each for each in own]),
                    "rival_value": spread([images / each for each in rival]),
                    "ratio": ratio,
                }
            )
            own_ms, rival_ms = (statistics.median(each) * 1e3 for each in (own, rival))
            print(
                f"{images:4d} at once  {name:20s} {own_ms:9.3f} ms  signature {rival_ms:9.3f} ms  "
                f"ratio {ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})",
                flush=True,
            )
    write_json(Path(__file__).parent / "results" / "engines.json", results)


if __name__ == "__main__":
    main(sys.argv[1])
