"""Trains on one device and on several that are simulated, or as one of several processes; run by test_devices.py.

The backend is that of `KERAS_BACKEND`.
"""

import json
import os
import sys
from pathlib import Path

os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={sys.argv[2]}"

from roadsigns import backend

if backend.start() == "tensorflow":
    import tensorflow as tf

    processor, part = tf.config.list_physical_devices("CPU")[0], tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(processor, [part] * int(sys.argv[2]))

import few_weights
import keras
import numpy as np

from roadsigns.config import TrainOptions
from roadsigns.data import Split
from roadsigns.train import compiled, run, runners
from roadsigns.train.__main__ import main


def network(channels):
    """With a convolution, whose gradient is a sum over the batch."""
    start = keras.initializers.GlorotUniform(1)
    return few_weights.network(channels, 4, keras.layers.Conv2D(6, 3, use_bias=False, kernel_initializer=start))


def apart(number, channels):
    """Largest differences of weights, averages and means after two epochs on one device and on so many."""
    random = np.random.default_rng(0)
    split = Split(random.integers(0, 256, (150, 32, 32, 3), np.uint8), random.integers(0, 43, 150))
    settings = {"batch_size": 60, "keep_prob": 0.8, "keep_prob_conv": 0.9, "augment": 1.0}  # 30 pictures are left over
    one, other = network(channels), network(channels)
    before = [np.asarray(weight).copy() for weight in one.trainable_variables]
    alone = runners.runner(one, TrainOptions(**settings))
    several = runners.runner(other, TrainOptions(**settings, devices=number))
    placed = alone.place(split), several.place(split)
    means = [np.subtract(alone.train(placed[0], epoch), several.train(placed[1], epoch)) for epoch in (1, 2)]
    pairs = [*zip(one.get_weights(), other.get_weights(), strict=True)]
    pairs += zip(one.optimizer.averages, other.optimizer.averages, strict=True)
    return {
        "runner": type(several).__name__,
        "weights": max(float(np.abs(np.subtract(a, b)).max()) for a, b in pairs),
        "means": float(np.abs(means).max()),
        "moved": max(float(np.abs(a - b).max()) for a, b in zip(before, one.trainable_variables, strict=True)),
    }


def trained(folder, flags):
    """The main job with a small network: its exit code, and the file of the last epoch."""
    run.build = lambda options, pictures, classes: network(1)
    if os.environ.get("DIES"):
        compiled.Compiled.train = lambda *_: os._exit(9)
    signs = ["--data", "synthetic", "--count", "43", "--data-dir", str(folder / "signs"), "--batch-size", "40"]
    places = ["--run-dir", str(folder / "run"), "--output", str(folder / "models")]
    return main([*signs, *places, "--epochs", "2", "--quiet", *flags])


if __name__ == "__main__":
    folder, flags = Path(sys.argv[1]), sys.argv[3:]
    if flags:
        sys.exit(trained(folder, flags))
    few = 3  # the first ones of all; then all, but for TensorFlow, whose devices add up with the same others always
    print(json.dumps({"grey": apart(few, 1), "colour": apart(few if "tensorflow" in sys.modules else 4, 3)}))
