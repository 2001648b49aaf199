"""A finished run's model as weights that come with the package: `python benchmarks/ship_weights.py ARCHIVE RUN ...`.

RUN is a run's folder, or the name of shipped weights, which then get what this makes anew. Written to
`roadsigns/weights/` under the network's name: the `.keras` file with a fresh rule for pictures without a sign, the ONNX
file of the same, and the run's `metrics.json` as its card. `roadsigns/app/www/shipped.json`, by which the page knows
the weights that are served, is made of all weights that are there: each has the answer to a pattern that is no sign.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

import roadsigns
from roadsigns import app, backend, data, models
from roadsigns.files import beside, write_json
from roadsigns.no_sign import FLOOR

WEIGHTS = Path(roadsigns.__file__).parent / "weights"
PAGE = Path(app.__file__).parent / "www" / "shipped.json"


def ship(run: str, signs: Any) -> Path:
    """Write the weights of a run; `signs` are the pictures that the rule is fitted to."""
    # Not above: the processes that draw pictures import this file too.
    from roadsigns import graph, keras_file
    from roadsigns.train import doubts

    found = models.find(run)
    card = found.path.with_suffix(".json") if found.is_shipped else found.path.parent / "metrics.json"
    metrics = json.loads(card.read_text(encoding="utf-8"))
    model = doubts.fitted(keras_file.load(found.path), signs, metrics["seeds"][0])
    place = WEIGHTS / f"{metrics['network']}.keras"
    with beside(place) as fresh:
        model.save(fresh)
    with beside(place.with_suffix(".onnx")) as fresh:
        graph.write_onnx(model, fresh)
    write_json(place.with_suffix(".json"), {**metrics, "exported": None})
    return place


def pattern(height: int, width: int, channels: int) -> np.ndarray:
    """The `x` by whose answer the page knows the weights, float32 `(1, height, width, channels)` in [0, 1]; see
    `app/www/js/model.js`.
    """
    y, x, channel = np.mgrid[:height, :width, :channels]
    return ((7 * y + 13 * x + 5 * channel) % 32 / 31).astype(np.float32)[np.newaxis]


def entry(weights: Path) -> dict[str, Any]:
    """What the page knows of some weights."""
    from roadsigns import keras_file
    from roadsigns.networks import answers

    model = keras_file.load(weights)
    shape = model.input["x"].shape[1:]
    card = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))
    answer = answers.probabilities(model, pattern(*shape), batch_size=1)[0].astype(np.float64)
    logs = np.round(np.log(np.maximum(answer, FLOOR)), 4).tolist()
    return {"network": card["network"], "test_accuracy": card["test_accuracy"], "shape": shape, "logs": logs}


def main(archive: str, *runs: str) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"  # which writes ONNX files
    backend.start()
    signs = data.load(archive).train.images
    for run in runs:
        print(f"wrote {ship(run, signs)}, its ONNX file and its card")
    write_json(PAGE, [entry(weights) for weights in sorted(WEIGHTS.glob("*.keras"))])
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main(*sys.argv[1:])
