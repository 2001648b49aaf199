"""Trains step by step and compiled on JAX, and prints how far the two lie apart; run by test_compiled.py."""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np

from roadsigns import backend

backend.start()

import few_weights  # noqa: E402
import keras  # noqa: E402

from roadsigns.config import TrainOptions  # noqa: E402
from roadsigns.data import Split  # noqa: E402
from roadsigns.preprocess import device_preprocess, preprocess  # noqa: E402
from roadsigns.train import compiled, epochs  # noqa: E402
from roadsigns.train.__main__ import main  # noqa: E402

PICTURES = 150  # two batches of 64, and 22 that are left


def network(channels):
    """Without a convolution."""
    start = keras.initializers.GlorotUniform(1)
    return few_weights.network(
        channels, 8, keras.layers.Flatten(), keras.layers.Dense(16, use_bias=False, kernel_initializer=start)
    )


def apart(split, channels, room=None, **settings):
    """Largest difference of weights, averages and means after two epochs; and whether anything was learnt at all."""
    options = TrainOptions(**{"batch_size": 64, **settings}, keep_prob=0.8, keep_prob_conv=0.9, seed=3)
    one, other = network(channels), network(channels)
    before = [np.asarray(weight) for weight in one.trainable_variables]
    steps, whole = epochs.Steps(one, options), compiled.Compiled(other, options)
    if room is not None:
        compiled._free_memory = lambda: room
    slow, fast = steps.place(split), whole.place(split)
    means = [np.subtract(steps.train(slow, epoch), whole.train(fast, epoch)) for epoch in (1, 2)]
    pairs = [*zip(one.get_weights(), other.get_weights(), strict=True)]
    pairs += zip(one.optimizer.averages, other.optimizer.averages, strict=True)
    return {
        "weights": max(float(np.abs(np.subtract(a, b)).max()) for a, b in pairs),
        "means": float(np.abs(means).max()),
        "moved": max(float(np.abs(a - b).max()) for a, b in zip(before, one.trainable_variables, strict=True)),
        "resident": fast.resident,
        "functions": len(whole._functions),
    }


def again(split):
    """Whether a second training by what the first one compiled is that of its own seed, and compiles nothing."""
    options = TrainOptions(batch_size=64, keep_prob=0.8, keep_prob_conv=0.9, seed=3, augment=1.0)
    first, second = network(3), network(3)
    used = compiled.Compiled(first, options)
    fresh = compiled.Compiled(second, dataclasses.replace(options, seed=4))
    begun = [np.asarray(value).copy() for value in [*first.variables, *first.optimizer.variables]]
    placed = used.place(split)
    used.train(placed, 1)
    made = dict(used._functions)
    for variable, value in zip([*first.variables, *first.optimizer.variables], begun, strict=True):
        variable.assign(value)
    used.again(dataclasses.replace(options, seed=4))
    losses = used.train(placed, 1), fresh.train(fresh.place(split), 1)
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    # The means are sums of as many parts as the device took, so they may differ in their last digits.
    same = np.allclose(*losses, rtol=1e-6) and all(np.array_equal(a, b) for a, b in pairs)
    return {"same": bool(same), "compiled": used._functions != made}


def trained(folder):
    """Two runs of the command, one of them cut off and resumed, with signs that are drawn ahead."""
    compiled.suits = lambda number: True
    signs = ["--data", "synthetic", "--count", "43", "--data-dir", str(folder / "signs")]
    flags = [*signs, "--batch-size", "43", "--epochs", "3", "--redraw", "--augment", "1", "--quiet"]
    build, step = sys.modules["roadsigns.train.run"].build, compiled.Compiled.train
    sys.modules["roadsigns.train.run"].build = lambda options, pictures, classes: network(1)

    def stopped(self, pictures, epoch):
        if epoch == 3:
            raise KeyboardInterrupt
        return step(self, pictures, epoch)

    codes = [main([*flags, "--run-dir", str(folder / "whole"), "--output", str(folder / "models")])]
    compiled.Compiled.train = stopped
    codes.append(main([*flags, "--run-dir", str(folder / "cut"), "--output", str(folder / "models")]))
    compiled.Compiled.train = step
    codes.append(main(["--resume", str(folder / "cut"), "--quiet"]))
    sys.modules["roadsigns.train.run"].build = build
    weights = [keras.saving.load_model(folder / run / "epoch-0003.keras").get_weights() for run in ("whole", "cut")]
    return {"codes": codes, "same": all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))}


if __name__ == "__main__":
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (PICTURES, 32, 32, 3), np.uint8)
    split = Split(images, random.integers(0, 43, PICTURES))
    found = {
        "again": again(split),
        "grey": apart(split, 1),
        "grey, augmented": apart(split, 1, augment=1.0),
        "colour": apart(split, 3),
        "bfloat16": apart(split, 3, precision="bfloat16"),
        "a share": apart(split, 3, use_image_percent=50.0, class_weights="balanced"),
        # Of three steps the pictures of two travel at a time; six are left over.
        "no room": apart(split, 3, room=800_000.0, augment=1.0, batch_size=48),
        "preprocess": bool((np.asarray(device_preprocess(images)) == preprocess(images)).all()),
        "command": trained(Path(sys.argv[1])),
    }
    print(json.dumps(found))
