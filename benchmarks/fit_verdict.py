"""How to tell from class probabilities that there is no sign, and our weights from others: `app/www/shipped.json`.

    python benchmarks/fit_verdict.py ARCHIVE

A logistic regression on 86 numbers of one answer (see `app/www/js/verdict.js`) is fitted to training pictures, as they
are and moved by two pixels, against drawn backgrounds and noise. Moved, because the network is surer of the pictures it
was trained on than of any others. The threshold is the score that SHARE of these pictures do not reach. Validation
pictures and pictures without a sign from other seeds then say what it is worth: `results/verdict.json`.

The rule belongs to the weights that are shipped; others need a run of their own. So the page asks the model server for
its answer to a pattern (`app/www/js/model.js`), and keeps to itself what it knows where the answer is another one.
"""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from roadsigns import app, classifier, data, keras_file, machine, models, no_sign
from roadsigns.data.synthetic import draw_backgrounds
from roadsigns.files import write_json
from roadsigns.networks import answers

PICTURES = 6000
SHARE = 0.003
MOVES = ((0, 0), (2, 0), (-2, 0), (0, 2), (0, -2))


def noise(random, count):
    """Four kinds of noise, uint8 RGB `(4 * count, 32, 32, 3)`: of pixels, around a colour, of patches, of waves."""
    shape = (count, 32, 32, 3)
    around = random.uniform(0, 255, (count, 1, 1, 3)) + random.normal(0, 1, shape) * random.uniform(
        1, 60, (count, 1, 1, 1)
    )
    patches = [
        Image.fromarray(random.integers(0, 256, (size, size, 3), dtype=np.uint8)).resize(
            (32, 32), Image.Resampling.BICUBIC
        )
        for size in random.integers(2, 13, count)
    ]
    y, x = np.mgrid[:32, :32] / 31
    angle, frequency, phase = random.uniform(0, 2 * np.pi, (3, count, 1, 1)) * [[[[1]]], [[[2]]], [[[1]]]]
    wave = np.sin(frequency * np.pi * (x * np.cos(angle) + y * np.sin(angle)) + phase)[..., np.newaxis]
    dark, light = random.uniform(0, 255, (2, count, 1, 1, 3))
    waves = dark + (light - dark) * (wave + 1) / 2 + random.normal(0, 4, shape)
    parts = [random.integers(0, 256, shape), around, np.stack([np.asarray(each) for each in patches]), waves]
    return np.concatenate([np.clip(part, 0, 255).astype(np.uint8) for part in parts])


def without_sign(count, seed):
    """Half of them drawn backgrounds, half noise."""
    return draw_backgrounds(count // 2, seed), noise(np.random.default_rng(seed), count // 8)


def moved(images, down, right):
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(padded[:, 2 + down : 34 + down, 2 + right : 34 + right])


def pattern(height, width, channels):
    """The `x` by whose answer the page knows the weights: float32 `(1, height, width, channels)` in [0, 1]."""
    y, x, channel = np.mgrid[:height, :width, :channels]
    return ((7 * y + 13 * x + 5 * channel) % 32 / 31).astype(np.float32)[np.newaxis]


def entry(name, rule):
    """What the page knows of the shipped weights of this name."""
    path = models.shipped(name)
    model = keras_file.load(path)
    shape = model.input["x"].shape[1:]
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    answer = answers.probabilities(model, pattern(*shape), batch_size=1)[0].astype(np.float64)
    logs = np.round(np.log(np.maximum(answer, no_sign.FLOOR)), 4).tolist()
    about = {"network": card["network"], "test_accuracy": card["test_accuracy"], "shape": shape}
    rounded = {name: np.round(getattr(rule, name), 4).tolist() for name in ("linear", "square", "bias")}
    return {**about, "logs": logs, "no_sign": {"floor": no_sign.FLOOR, "scale": no_sign.SCALE, **rounded}}


def main(archive: str) -> None:
    splits = data.load(archive)
    model = classifier.load(models.shipped("notebook"))
    chosen = splits.train.images[np.random.default_rng(0).permutation(len(splits.train.images))[:PICTURES]]
    signs = np.concatenate([model.classify_pixels(moved(chosen, *move)) for move in MOVES])
    others = model.classify_pixels(np.concatenate(without_sign(2 * PICTURES, seed=1)))
    rule = no_sign.fit(signs, others, doubted=SHARE)

    def share_doubted(images):
        return float(np.mean(rule.share(model.classify_pixels(images)) > 0.5))

    write_json(
        Path(app.__file__).parent / "www" / "shipped.json",
        [entry("notebook", rule), entry("small", answers.no_sign(keras_file.load(models.shipped("small"))))],
    )
    backgrounds, noises = without_sign(4000, seed=2)
    result = {
        "name": "verdict",
        "command": "python benchmarks/fit_verdict.py ARCHIVE",
        "commit": machine.commit(),
        "date": datetime.date.today().isoformat(),
        "machine": machine.hardware(),
        "versions": machine.versions(),
        "subject": "pictures without a sign that are said to have none: 2,000 drawn backgrounds and 2,000 of noise",
        "rival": "validation pictures that are said to have none",
        "unit": "share of the pictures",
        "subject_value": share_doubted(np.concatenate([backgrounds, noises])),
        "backgrounds": share_doubted(backgrounds),
        "noise": share_doubted(noises),
        "rival_value": share_doubted(splits.valid.images),
        "test_pictures": share_doubted(splits.test.images),
    }
    result["ratio"] = result["subject_value"] / max(result["rival_value"], 1e-9)
    write_json(Path(__file__).parent / "results" / "verdict.json", result)
    print({name: result[name] for name in ("subject_value", "backgrounds", "noise", "rival_value", "test_pictures")})


if __name__ == "__main__":
    main(sys.argv[1])
