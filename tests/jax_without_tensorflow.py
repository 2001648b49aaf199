"""What the package does on the JAX backend where TensorFlow is not installed; run by test_jax.py in its own process.

Reads `weights.npz` and `x.npy` in the working folder, writes `answers.npz` and prints its findings as JSON.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

sys.modules["tensorflow"] = None  # type: ignore[assignment]  # importing it fails, as if it were not installed

from roadsigns import backend  # noqa: E402

found: dict[str, object] = {"backend": backend.start()}

import keras  # noqa: E402
import numpy as np  # noqa: E402

from pictures import draw_signs  # noqa: E402
from roadsigns import networks, signs  # noqa: E402
from roadsigns.config import TrainOptions  # noqa: E402
from roadsigns.data import Split  # noqa: E402
from roadsigns.networks import answers as spoken  # noqa: E402
from roadsigns.networks import layers  # noqa: E402
from roadsigns.train import folder  # noqa: E402
from roadsigns.train.run import fit  # noqa: E402


def said(call: object, *arguments: object) -> str:
    """The error that a call ends with."""
    try:
        call(*arguments)  # type: ignore[operator]
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


# One model, with the weights that the TensorFlow backend uses.
x = np.load("x.npy")
model = networks.build("notebook", seed=0)
with np.load("weights.npz") as weights:
    model.set_weights([weights[str(i)] for i in range(len(weights))])
answers = {
    "exact": spoken.probabilities(model, x),
    "again": spoken.probabilities(model, x),
    "dropped": spoken.probabilities(model, x, 0.5, 0.7),
    "dropped again": spoken.probabilities(model, x, 0.5, 0.7),
    "several": spoken.probabilities(model, x[:1], [1, 0.5, 0.5], 1.0),
}
spoken.reseed(model, 1, 2)
answers["reseeded"] = spoken.probabilities(model, x, 0.5, 0.7)
spoken.reseed(model, 1, 2)
answers["reseeded again"] = spoken.probabilities(model, x, 0.5, 0.7)

# Dropout, compiled.
units = keras.Input((7,))
keep = keras.Input(())
dropout = keras.Model([units, keep], layers.KeepProbDropout(seed=1)([units, keep]))
values = np.random.default_rng(0).normal(0, 1e3, (4, 7)).astype(np.float32)
passed = dropout.predict([values, np.ones(4, np.float32)], verbose=0)
found["keep 1 passes every bit"] = passed.tobytes() == values.tobytes()
mixed = dropout.predict([values, np.array([1, 0.5, 1, 0.5], np.float32)], verbose=0)
found["one value an image"] = bool(
    np.array_equal(mixed[::2], values[::2]) and np.isin(mixed[1::2], [0, *(2 * values[1::2]).flat]).all()
)
found["some drop"] = bool((mixed[1::2] == 0).any())

# Keep probabilities that are none.
check = layers.KeepProbability("keep_prob")
found["feed"] = [said(spoken.feed, x, keep) for keep in (0, -0.1, 1.3, float("nan"))]
found["eager"] = [said(check, np.array([0.5, keep], np.float32)) for keep in (0, -0.1, 1.3, float("nan"))]
found["eager good"] = said(check, np.array([0.5, 1], np.float32))
found["largest seed"] = said(networks.build, "notebook", 2**31 - 1)

# The main job's own training.
images, labels = draw_signs(64, 1)
labels //= 22  # two classes are learnt in a few steps
dataset = types.SimpleNamespace(
    train=Split(images[:48], labels[:48]),
    valid=Split(images[48:], labels[48:]),
    source="drawn",
    manifest={},
    classes=signs.CLASSES,
)
options = {"batch_size": 16, "keep_prob": 0.9, "keep_prob_conv": 0.9}
whole = folder.start(TrainOptions(epochs=5, run_dir=Path("whole"), **options))
fit(whole, dataset, say=lambda line: None)
found["losses"] = [row.loss for row in whole.history]
model.save("model.keras")
loaded = keras.saving.load_model("model.keras")
answers["loaded"] = spoken.probabilities(loaded, x)

found["tensorflow loaded"] = sorted(name for name, module in sys.modules.items() if name == "tensorflow" and module)
found["torch loaded"] = "torch" in sys.modules
np.savez("answers.npz", **answers)
print(json.dumps(found))
