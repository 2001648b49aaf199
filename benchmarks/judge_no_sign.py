"""What `no_sign` of the shipped weights is worth: `python benchmarks/judge_no_sign.py ARCHIVE [NETWORK]`.

Real validation and test pictures against drawn backgrounds and noise of a seed that the rule has not seen. A good rule
has an AUROC above 0.99 and loses at most 1 % of the signs where it finds 95 % of the pictures without one.
"""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path

import numpy as np

from roadsigns import classifier, data, keras_file, machine, models
from roadsigns.data import synthetic
from roadsigns.files import write_json
from roadsigns.networks import answers

COUNT = 4000
SEED = 1000


def area(signs: np.ndarray, others: np.ndarray) -> float:
    """The share of pairs of a sign and another picture that `no_sign` puts in order (AUROC)."""
    values = np.concatenate([signs, others])
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    return float((ranks[len(signs) :].sum() - len(others) * (len(others) + 1) / 2) / (len(signs) * len(others)))


def main(archive: str, network: str = models.DEFAULT) -> None:
    path = models.shipped(network)
    rule = answers.no_sign(keras_file.load(path))
    model = classifier.load(path)
    dataset = data.load(archive)

    def doubts(pictures: np.ndarray) -> np.ndarray:
        return rule.share(model.classify_pixels(pictures)).astype(np.float64)

    signs = {name: doubts(dataset.split(name).images) for name in ("valid", "test")}
    kinds = {
        "backgrounds": synthetic.draw_backgrounds(COUNT, SEED, processes=synthetic.cores()),
        "noise": synthetic.draw_noise(COUNT, SEED),
    }
    others = {name: doubts(pictures) for name, pictures in kinds.items()}
    others["both"] = np.concatenate(list(others.values()))
    result = {
        "name": f"no-sign-{network}",
        "command": f"python benchmarks/judge_no_sign.py ARCHIVE {network}",
        "date": datetime.date.today().isoformat(),
        **machine.description(),
        "pictures": {name: len(each) for name, each in {**signs, **others}.items()},
        "doubted_signs": {name: float(np.mean(each > 0.5)) for name, each in signs.items()},
        "found": {name: float(np.mean(each > 0.5)) for name, each in others.items()},
        "auroc": {s: {o: area(signs[s], others[o]) for o in others} for s in signs},
        "lost_at_95": {s: {o: float(np.mean(signs[s] > np.quantile(others[o], 0.05))) for o in others} for s in signs},
    }
    print(json.dumps(result, indent=2))
    write_json(Path(__file__).parent / "results" / f"no-sign-{network}.json", result)


if __name__ == "__main__":
    main(*sys.argv[1:])
