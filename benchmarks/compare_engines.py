"""How much faster than a call of the exported signature is the server's engine? Written to `results/engines.json`.

    python benchmarks/compare_engines.py VERSION_FOLDER

The folder is what `roadsigns export` writes where `roadsigns[onnxruntime]` is installed. The rival is what TensorFlow's
guide shows: `tf.saved_model.load(...).signatures[...]`, of `serving_default` for numbers at keep probability 1 and of
`predict_images` for PNG files of 48x48 pixels. The subjects are each engine alone and as the server uses it, with the
way through the batches. All take the same pictures, in turn, once to warm up and then in ROUNDS rounds; a round gives
one ratio. A good ratio is well above 1 for a single picture, and not below 1 for many.
"""

from __future__ import annotations

import io
import itertools
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image
from rows import compare as compared
from rows import described, write
from server import shape

from roadsigns import backend
from roadsigns.serving.engines import choice
from roadsigns.serving.models.servable import Servable

CALLS = {1: 40, 32: 4, 512: 1}
"""Calls in a round, by the number of pictures."""

ROUNDS = 15

ONE = np.ones(1, np.float32)


def seconds(call, calls):
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def numbers(count, shape):
    """What `serving_default` takes."""
    x = np.random.default_rng(0).random((count, *shape), dtype=np.float32)
    return {"x": x, "keep_prob": ONE, "keep_prob_conv": ONE}


def files(count, _shape):
    """What `predict_images` takes."""
    made = np.empty(count, np.object_)
    for index, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (count, 48, 48, 3), dtype=np.uint8)):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        made[index] = file.getvalue()
    return {"image_bytes": made}


KINDS = {
    "numbers": ("serving_default", numbers, "y"),
    "PNG files": ("predict_images", files, "probabilities"),
}
"""The signature, what makes its inputs, and the output that is compared."""


def contenders(folder):
    """By name, functions from a signature's name, its inputs and an output to that; the rival first."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))

    def signature(name, inputs, output):
        fed = {key: tf.constant(value.tolist() if value.dtype == object else value) for key, value in inputs.items()}
        return loaded.signatures[name](**fed)[output].numpy()

    found = {"signature": signature}
    for kind in choice.ENGINES:
        alone, served = choice.load(folder, kind), Servable("benchmark", 1, folder, kind)

        def run(name, inputs, output, alone=alone):
            plain = {key: value for key, value in inputs.items() if not key.startswith("keep_prob")}
            return alone.run(name, plain)[output]

        found[kind] = run
        found[f"{kind}, served"] = lambda name, inputs, output, served=served: served.run(name, inputs)[output]
    return found


def compare(functions, kind, images, calls, shape):
    """Seconds a call takes, by contender, one number a round."""
    name, make, output = KINDS[kind]
    inputs = make(images, shape)
    want = functions["signature"](name, inputs, output)
    for contender, function in functions.items():
        if not np.allclose(function(name, inputs, output), want, atol=1e-5):
            raise SystemExit(f"{contender} gives other answers for {images} pictures as {kind}")
    taken = {contender: [] for contender in functions}
    for _ in range(ROUNDS):
        for contender, function in functions.items():
            taken[contender].append(seconds(lambda function=function: function(name, inputs, output), calls))
    return taken


def main(folder: str) -> None:
    backend.require_tensorflow("This benchmark")
    functions = contenders(Path(folder))
    results = []
    for kind, (images, calls) in itertools.product(KINDS, CALLS.items()):
        taken = compare(functions, kind, images, calls, shape(Path(folder)))
        rival = taken.pop("signature")
        for name, own in taken.items():
            rates = ([images / each for each in side] for side in (own, rival))
            plain = f"tf.saved_model.load(...).signatures['{KINDS[kind][0]}']"
            title = f"engine {name}, {images} at once as {kind}"
            origin = described(title, "compare_engines.py VERSION_FOLDER", onnxruntime=version("onnxruntime"))
            results.append({**origin, **compared(*rates, name, plain, images=images)})
            ratio = results[-1]["ratio"]
            own_ms, rival_ms = (statistics.median(each) * 1e3 for each in (own, rival))
            print(
                f"{images:4d} as {kind:9}  {name:20s} {own_ms:9.3f} ms  signature {rival_ms:9.3f} ms  "
                f"ratio {ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})",
                flush=True,
            )
    write("engines", results)


if __name__ == "__main__":
    main(sys.argv[1])
