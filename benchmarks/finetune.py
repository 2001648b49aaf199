"""How well does a network learn classes that it has never seen, from few pictures of each? Written to
`results/finetune.json`.

    python benchmarks/finetune.py [ARCHIVE] [--small]

Ten of the German classes are withheld from a base: the network `small`, trained as `--recipe quick` does on pictures of
the 33 others, half of them drawn and, with ARCHIVE, the real ones. Then `--recipe own` learns, each time from trained
weights and from random ones:

    drawn    the ten from 5, 20 and 100 drawn pictures of each, from the base; scored on 1,000 other drawn ones
    swedish  the five designs of `fixtures/swedish` likewise, from the weights that come with the package; scored on 500
    real     with ARCHIVE: the ten from 20 real training pictures of each, chosen by three seeds, from the base; scored
             on all real test pictures of the ten

A good number: from 20 pictures the base gives more right answers than random weights do from 100. The base is kept in
CACHE (default /tmp/roadsigns-finetune), so that an interrupted run need not train it again. `--small` runs all of it in
two minutes to see it work, and writes nothing.
"""

from __future__ import annotations

import datetime
import itertools
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
from roadsigns.data.synthetic import design_folder
from roadsigns.files import write_json
from roadsigns.preprocess import preprocess
from roadsigns.train import folder, run
from roadsigns.train.__main__ import main as train

RESULT = Path(__file__).resolve().parent / "results" / "finetune.json"
CACHE = Path(os.environ.get("CACHE", "/tmp/roadsigns-finetune"))
WITHHELD = (1, 8, 12, 14, 18, 21, 25, 30, 35, 40)
"""Of each family some: speed limits, the diamond, the octagon, triangles, blue discs."""
SWEDISH = Path(__file__).resolve().parent.parent / "fixtures" / "swedish"
BASE, EPOCHS, TESTED = 12_900, 4, 100
"""Signs that are drawn for the base, the ten's among them; its epochs; drawn pictures of a class that are scored."""


def main(argv: Sequence[str]) -> None:
    """Train the base where it is not there yet, then every row."""
    archive, small = next((each for each in argv if not each.startswith("--")), None), "--small" in argv
    real = None if archive is None else data.load(archive)
    base = train_base(CACHE / "small" if small else CACHE, real, small)
    figures = json.loads((base / "metrics.json").read_text(encoding="utf-8"))
    figures.pop("exported", None)  # a place on this machine
    made: dict[str, Any] = {
        "name": "finetune",
        "command": "python benchmarks/finetune.py ARCHIVE",
        "date": datetime.date.today().isoformat(),
        **machine.description(),
        "recipe": "own",
        "base": figures,
        "base_drawn": BASE,
        "base_epochs": EPOCHS,
        "withheld": [signs.NAMES[each] for each in WITHHELD],
        "rows": [],
    }
    every = itertools.chain(drawn_rows(small), real_rows(real, small) if real else (), swedish_rows(small))
    for row, names, learnt, tested in every:
        for start in ("small" if row["pictures"] == "swedish" else "base", "nothing"):
            found = learn(names, learnt, tested, str(base) if start == "base" else start, small)
            made["rows"].append({**row, "start": start, **found})
            print(json.dumps(made["rows"][-1]), flush=True)
            if not small:
                write_json(RESULT, made)


def train_base(cache: Path, real: data.Dataset | None, small: bool) -> Path:
    """The run of a network that has seen none of the ten classes."""
    base = cache / ("base" if real is None else "base-real")
    if not (base / "metrics.json").exists():
        (cache / "signs").mkdir(parents=True, exist_ok=True)
        count = 860 if small else BASE
        for part, (name, each) in enumerate({"train": count, "valid": count // 10, "test": count // 10}.items()):
            found = [synthetic.draw(each, 0, part=part, processes=synthetic.cores())]
            if real is not None:
                split = real.split(name)  # type: ignore[arg-type]
                found.append((split.images[: each if small else None], split.labels[: each if small else None]))
            images, labels = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
            kept = ~np.isin(labels, WITHHELD)
            arrays = {"features": images[kept], "labels": labels[kept].astype(np.uint8)}
            (cache / "signs" / f"{name}.p").write_bytes(pickle.dumps(arrays, protocol=4))
        flags = ["--data", str(cache / "signs"), "--recipe", "quick", "--run-dir", str(base)]
        if train([*flags, "--output", str(cache / "models"), "--epochs", str(1 if small else EPOCHS)]):
            raise SystemExit("the base could not be trained")
    return base


Row = tuple[dict[str, Any], Sequence[str], Split, Split]
"""What it is, the classes' names, pictures to learn from, pictures to score."""


def drawn_rows(small: bool) -> Iterator[Row]:
    """Rows of the ten, drawn."""
    names = [signs.NAMES[each] for each in WITHHELD]
    tested = ten(*synthetic.draw(43 * (10 if small else TESTED), 1, part=1, processes=synthetic.cores()))
    for each in (5,) if small else (5, 20, 100):
        learnt = ten(*synthetic.draw(43 * each, 1, processes=synthetic.cores()))
        yield {"pictures": "drawn", "each": each, "seed": 0}, names, learnt, tested


def swedish_rows(small: bool) -> Iterator[Row]:
    """Rows of designs that the package's weights have never seen."""
    classes, designs = design_folder.read(SWEDISH)
    count = len(classes) * (10 if small else TESTED)
    tested = Split(*synthetic.draw(count, 1, part=1, processes=synthetic.cores(), designs=designs), len(classes))
    for each in (5,) if small else (5, 20, 100):
        made = synthetic.draw(len(classes) * each, 1, processes=synthetic.cores(), designs=designs)
        yield {"pictures": "swedish", "each": each, "seed": 0}, classes.names, Split(*made, len(classes)), tested


def real_rows(real: data.Dataset, small: bool) -> Iterator[Row]:
    """Rows of the ten, real, for three seeds."""
    names = [signs.NAMES[each] for each in WITHHELD]
    tested = ten(real.test.images, real.test.labels)
    known = ten(real.train.images, real.train.labels)
    for seed in (0,) if small else (0, 1, 2):
        order = np.random.default_rng(seed).permutation(len(known))
        chosen = np.concatenate([order[known.labels[order] == each][:20] for each in range(len(WITHHELD))])
        learnt = Split(known.images[chosen], known.labels[chosen])
        yield {"pictures": "real", "each": 20, "seed": seed}, names, learnt, tested


def ten(images: Any, labels: Any) -> Split:
    """Those of the ten classes, as classes 0 to 9."""
    kept = np.isin(labels, WITHHELD)
    return Split(np.asarray(images)[kept], np.searchsorted(WITHHELD, np.asarray(labels)[kept]).astype(np.int64))


def learn(names: Sequence[str], learnt: Split, tested: Split, start: str, small: bool) -> dict[str, Any]:
    """Train as a person would, on folders of pictures, and score the epoch that the run ends with."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        for split, pictures in (("train", learnt), ("test", tested)):
            for index, (image, label) in enumerate(zip(pictures.images, pictures.labels, strict=True)):
                path = Path(place, "signs", split, names[label].replace("/", " "), f"{index:05d}.png")
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(path)
        signs_at, epochs = str(Path(place, "signs")), 2 if small else 60
        options = TrainOptions(data=signs_at, recipe="own", start=start, run_dir=Path(place, "run"), epochs=epochs)
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
