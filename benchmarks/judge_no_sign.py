"""What `no_sign` is worth: `python benchmarks/judge_no_sign.py ARCHIVE [MODEL] [--withheld MODEL CLASS ...]`.

MODEL is the name of shipped weights, a run's folder or a `.keras` file. Its real validation and test pictures stand
against pictures without a sign of each kind, from a seed that the rule was not fitted to. `never_seen` has the same
figures of a rule that is fitted without the kind. `--withheld` takes a model that was trained without some classes:
its test pictures of these classes are signs too, but none that it knows.

A good rule has an AUROC above 0.99 and loses at most 1 % of the signs where it finds 95 % of the pictures without one.
Written to `results/no-sign-MODEL.json`.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from roadsigns import backend, data, machine, models, no_sign
from roadsigns.data import Split
from roadsigns.files import write_json
from roadsigns.preprocess import preprocess

COUNT = 2000
SEED = 1000
FOUND = 0.95
"""The share of pictures without a sign that is to be found where lost signs are counted."""


def area(signs: np.ndarray, others: np.ndarray) -> float:
    """The share of pairs of a sign and another picture that `no_sign` puts in order, equal ones by half (AUROC)."""
    order = np.sort(signs)
    below, up_to = np.searchsorted(order, others, "left"), np.searchsorted(order, others, "right")
    return float((below + up_to).sum() / (2 * len(signs) * len(others)))


def lost(signs: np.ndarray, others: np.ndarray) -> float:
    """The share of signs that are doubted where `FOUND` of the other pictures are."""
    return float(np.mean(signs >= np.quantile(others, 1 - FOUND)))


class Judge:
    """A model, with what it says of signs and of pictures without one."""

    def __init__(self, name: str) -> None:
        # Not above: the processes that draw pictures import this file too.
        backend.start()
        from roadsigns import keras_file
        from roadsigns.networks import answers

        self.answers = answers
        self.model = keras_file.load(models.find(name).path)
        self.rule = answers.no_sign(self.model)
        if self.rule is None:
            raise SystemExit(f"{name} has no rule for pictures without a sign. Fit one: benchmarks/ship_weights.py")

    def says(self, pictures: Any) -> np.ndarray:
        return self.answers.probabilities(self.model, preprocess(pictures, self.answers.channels(self.model)))

    def without(self, kind: str, signs: Any) -> no_sign.Rule:
        """A rule that is fitted to all kinds but one."""
        from roadsigns.train import doubts

        own = self.rule
        doubts.fitted(self.model, signs, 0, [each for each in doubts.KINDS if each != kind])
        rule = self.answers.no_sign(self.model)
        self.answers.with_no_sign(self.model, own)
        return rule


def shares(rule: no_sign.Rule, said: np.ndarray) -> np.ndarray:
    return rule.share(said).astype(np.float64)


def figures(signs: np.ndarray, others: np.ndarray) -> dict[str, float]:
    """AUROC, lost signs, and the shares that are told to show no sign: from one half on."""
    return {
        "auroc": area(signs, others),
        "lost_at_95": lost(signs, others),
        "doubted_signs": float(np.mean(signs > 0.5)),
        "found": float(np.mean(others > 0.5)),
    }


def judge(name: str, dataset: data.Dataset) -> dict[str, Any]:
    """Figures of a model, by kind and split."""
    model = Judge(name)
    from roadsigns.train import doubts

    signs = {split: model.says(dataset.split(split).images) for split in ("valid", "test")}
    others = {kind: model.says(doubts.without_sign(kind, COUNT, SEED)) for kind in doubts.KINDS}
    every = {**others, "all": np.concatenate(list(others.values()))}
    told: dict[str, Any] = {
        split: {kind: figures(shares(model.rule, said), shares(model.rule, each)) for kind, each in every.items()}
        for split, said in signs.items()
    }
    told["never_seen"] = {}
    for kind, each in others.items():
        rule = model.without(kind, dataset.train.images)
        told["never_seen"][kind] = figures(shares(rule, signs["test"]), shares(rule, each))
    return told


def withheld(name: str, classes: Sequence[int], test: Split) -> dict[str, float]:
    """Figures of test pictures of classes that a model was trained without, against those that it knows."""
    model = Judge(name)
    other = np.isin(test.labels, classes)
    said = shares(model.rule, model.says(test.images))
    return {"classes": list(classes), "pictures": int(other.sum()), **figures(said[~other], said[other])}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", metavar="ARCHIVE")
    parser.add_argument("model", metavar="MODEL", nargs="?", default=models.DEFAULT)
    parser.add_argument("--withheld", nargs="+", metavar=("MODEL", "CLASS"))
    parser.add_argument("--output", type=Path, metavar="FILE")
    options = parser.parse_args(argv)
    if options.withheld and not (options.withheld[1:] and all(map(str.isdecimal, options.withheld[1:]))):
        parser.error("--withheld takes a model and the numbers of the classes that it was trained without")
    name = Path(options.model).stem
    dataset = data.load(options.archive)
    result = {
        "name": f"no-sign-{name}",
        "command": f"python benchmarks/judge_no_sign.py ARCHIVE {name if name in models.NAMES else 'MODEL'}",
        "date": datetime.date.today().isoformat(),
        **machine.description(),
        "pictures": {"valid": len(dataset.valid), "test": len(dataset.test), "of_each_kind": COUNT},
        **judge(options.model, dataset),
    }
    if options.withheld:
        result["withheld"] = withheld(options.withheld[0], list(map(int, options.withheld[1:])), dataset.test)
    output = options.output or Path(__file__).parent / "results" / f"no-sign-{name}.json"
    write_json(output, result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
