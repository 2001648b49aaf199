"""How well does a network learn ten classes that it has never seen, from few pictures of each? Written to
`results/finetune.json`.

    python benchmarks/finetune.py [ARCHIVE] [--small]

The ten classes are withheld from a base: the network `small`, trained as `--recipe quick` does on drawn signs of the 33
others. Then `--recipe own` learns the ten, from the base and from random weights:

    drawn    from 5, 20 and 100 drawn pictures of each, scored on 1,000 other drawn ones
    real     with ARCHIVE: from 20 real training pictures of each, chosen by three seeds; scored on all real test
             pictures of the ten

A good number: from 20 pictures the base gives more right answers than random weights do from 100. The base is kept in
CACHE (default /tmp/roadsigns-finetune). `--small` runs all of it in a minute or two to see it work, and writes nothing.
"""

from __future__ import annotations

import datetime
import json
import os
import pickle
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from roadsigns import data, machine, scores, signs
from roadsigns.config import TrainOptions
from roadsigns.data import Split, synthetic
from roadsigns.files import write_json
from roadsigns.preprocess import preprocess
from roadsigns.train import folder, run
from roadsigns.train.__main__ import main as train

RESULT = Path(__file__).resolve().parent / "results" / "finetune.json"
CACHE = Path(os.environ.get("CACHE", "/tmp/roadsigns-finetune"))
WITHHELD = (1, 8, 12, 14, 18, 21, 25, 30, 35, 40)
"""Of each family some: speed limits, the diamond, the octagon, triangles, blue discs."""
TESTED = 100


def main(argv: Sequence[str]) -> None:
    """Train the base where it is not there yet, then every row."""
    archives, small = [each for each in argv if not each.startswith("--")], "--small" in argv
    cache = CACHE / "small" if small else CACHE
    base = train_base(cache, 860 if small else 86_000, small)
    rows = []
    for row, learnt, tested in [*drawn_rows(small), *(real_rows(archives[0], small) if archives else ())]:
        for start in (str(base), "nothing"):
            rows.append(
                {**row, "start": "base" if start != "nothing" else start, **learn(learnt, tested, start, small)}
            )
            print(json.dumps(rows[-1]), flush=True)
    made = {
        "name": "finetune",
        "command": "python benchmarks/finetune.py ARCHIVE",
        "date": datetime.date.today().isoformat(),
        **machine.description(),
        "network": "small",
        "recipe": "own",
        "base": json.loads((base / "metrics.json").read_text(encoding="utf-8")),
        "withheld": [signs.NAMES[each] for each in WITHHELD],
        "rows": rows,
    }
    if not small:
        write_json(RESULT, made)


def train_base(cache: Path, count: int, small: bool) -> Path:
    """The run of a network that has seen none of the ten classes."""
    if not (cache / "base" / "metrics.json").exists():
        (cache / "signs").mkdir(parents=True, exist_ok=True)
        for part, (name, each) in enumerate({"train": count, "valid": count // 10, "test": count // 10}.items()):
            images, labels = synthetic.draw(each, 0, part=part, processes=synthetic.cores())
            kept = ~np.isin(labels, WITHHELD)
            arrays = {"features": images[kept], "labels": labels[kept].astype(np.uint8)}
            (cache / "signs" / f"{name}.p").write_bytes(pickle.dumps(arrays, protocol=4))
        flags = ["--data", str(cache / "signs"), "--recipe", "quick", "--run-dir", str(cache / "base")]
        train([*flags, "--output", str(cache / "models"), *(["--epochs", "1"] if small else [])])
    return cache / "base"


def drawn_rows(small: bool) -> Iterator[tuple[dict[str, Any], Split, Split]]:
    """Rows of drawn signs: what they are, pictures to learn from, pictures to score."""
    tested = ten(*synthetic.draw(43 * (10 if small else TESTED), 1, part=1, processes=synthetic.cores()))
    for each in (5,) if small else (5, 20, 100):
        learnt = ten(*synthetic.draw(43 * each, 1, processes=synthetic.cores()))
        yield {"pictures": "drawn", "each": each, "seed": 0}, learnt, tested


def real_rows(archive: str, small: bool) -> Iterator[tuple[dict[str, Any], Split, Split]]:
    """The same of real signs, for three seeds."""
    splits = data.load(archive)
    tested = ten(splits.test.images, splits.test.labels)
    known = ten(splits.train.images, splits.train.labels)
    for seed in (0,) if small else (0, 1, 2):
        order = np.random.default_rng(seed).permutation(len(known))
        chosen = np.concatenate([order[known.labels[order] == each][:20] for each in range(len(WITHHELD))])
        yield {"pictures": "real", "each": 20, "seed": seed}, Split(known.images[chosen], known.labels[chosen]), tested


def ten(images: Any, labels: Any) -> Split:
    """Those of the ten classes, as classes 0 to 9."""
    kept = np.isin(labels, WITHHELD)
    return Split(np.asarray(images)[kept], np.searchsorted(WITHHELD, np.asarray(labels)[kept]).astype(np.int64))


def learn(learnt: Split, tested: Split, start: str, small: bool) -> dict[str, Any]:
    """Train as a person would, on folders of pictures, and score the epoch that the run ends with."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        for split, pictures in (("train", learnt), ("test", tested)):
            for index, (image, label) in enumerate(zip(pictures.images, pictures.labels, strict=True)):
                path = Path(place, "signs", split, signs.NAMES[WITHHELD[label]].replace("/", " "), f"{index:05d}.png")
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(path)
        options = TrainOptions(
            data=str(Path(place, "signs")),
            recipe="own",
            start=start,
            run_dir=Path(place, "run"),
            **({"epochs": 2} if small else {}),
        )
        dataset = data.load(options.data, Path(place, "cache"))
        began = time.perf_counter()
        made = folder.start(options)
        with made.alone():
            run.fit(made, dataset, say=lambda line: None)
        seconds = time.perf_counter() - began
        from roadsigns.networks import answers
        from roadsigns.train import averages

        with made.reading(made.chosen.epoch) as path:
            model = averages.load(path)
        said = answers.probabilities(model, preprocess(dataset.test.images, answers.channels(model)))
        found = scores.score(said, dataset.test.labels)
        return {"test_accuracy": found.accuracy, "tested": len(dataset.test), "seconds": round(seconds, 1)}


if __name__ == "__main__":
    main(sys.argv[1:])
