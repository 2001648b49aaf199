"""A finished run's model as weights that come with the package: `python benchmarks/ship_weights.py RUN ARCHIVE`.

Copies `model.keras` and `metrics.json` of the run's folder to `roadsigns/weights/` under the network's name. A run from
before the rule for pictures without a sign gets one, fitted as `train` fits it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import roadsigns
from roadsigns import data, keras_file
from roadsigns.files import beside, write_json
from roadsigns.networks import answers
from roadsigns.train import doubts


def main(run: str, archive: str) -> None:
    metrics = json.loads((Path(run) / "metrics.json").read_text(encoding="utf-8"))
    model = keras_file.load(Path(run) / "model.keras")
    if answers.no_sign(model) is None:
        model = doubts.fitted(model, data.load(archive).train.images, metrics["seeds"][0])
    place = Path(roadsigns.__file__).parent / "weights" / f"{metrics['network']}.keras"
    with beside(place) as fresh:
        model.save(fresh)
    write_json(place.with_suffix(".json"), {**metrics, "exported": None})
    print(f"wrote {place} and its card")


if __name__ == "__main__":
    main(*sys.argv[1:])
