"""What trained networks are worth: one row of figures a network, as the mean over its seeds and their spread.

    python benchmarks/judge.py ARCHIVE --network small RUN RUN RUN --network best RUN \
        --together small small small best

Each RUN is a `.keras` file, a run's folder, an exported version or the name of shipped weights; the runs of a network
are its seeds. Each names the test pictures, as they are and corrupted in eleven ways at five levels, and the
validation pictures, as they are and in two other framings (`framing.py`). `--together` judges the mean of what several
networks say: a network that is named twice speaks with two seeds, and no seed is taken twice. The `metrics.json` of a
run, or the card of shipped weights, tells how each was trained.

What a model says of a picture is kept in `--cache`, so that another call computes only what is new. The rows are
written to `results/judged.json` or `--output`. Score a reported run once, and choose nothing by these figures: the
validation set and folds are for that.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import hashlib
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import framing
import numpy as np
import numpy.typing as npt

from roadsigns import classifier, data, machine, models
from roadsigns.console import note
from roadsigns.corruptions import CORRUPTIONS, LEVELS, SEVEN, corrupt
from roadsigns.files import beside, write_json
from roadsigns.preprocess import Pixels
from roadsigns.report import measures
from roadsigns.scores import score

RESULTS = Path(__file__).parent / "results"
CACHE = Path(tempfile.gettempdir()) / "roadsigns-judged"
LEFT_OUT = 0.01
"""The share of answers, the least sure, that is left out in a figure of its own."""
PICTURES_OF = {"tight": 0.0, "loose": 0.5}
"""The framings: how much is added on each side of a sign's box, as a share of the sign."""
SAME = ("network", "recipe", "parameters", "multiply_adds", "trained_on", "epochs")
"""What the runs of a network have in common, in their cards."""
EACH = ("seeds", "train_minutes", "command", "commit", "machine")
"""What differs from run to run, or may."""

Probabilities = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Figures:
    """What one model, or the mean of several, is worth.

    Attributes:
        right: of the test pictures, which are named rightly.
        numbers: figures by name, as `of` has them.
        corruptions: accuracy at each level, by the corruption's name.
    """

    right: Flags
    numbers: Mapping[str, float]
    corruptions: Mapping[str, Sequence[float]]

    @property
    def mean_of_seven(self) -> float:
        """Over all levels of the seven corruptions that are told as one figure."""
        return float(np.mean([self.corruptions[name] for name in SEVEN]))


class Judged:
    """A model, with what it says of pictures; what it has said once is read from a file.

    Args:
        name: as `--model` has it.
        cache: folder of the answers.
    """

    def __init__(self, name: str, cache: Path) -> None:
        self.model = models.find(name)
        self._classify: classifier.Classifier | None = None
        self._cache = cache
        file = self.model.path if self.model.path.is_file() else self.model.onnx
        self._file = hashlib.sha256(file.read_bytes() if file else str(self.model.path.resolve()).encode()).hexdigest()

    def says(self, pictures: Pixels) -> Probabilities:
        """Class probabilities of pictures, float32 `(N, classes)`."""
        name = hashlib.sha256(self._file.encode() + hashlib.sha256(pictures.tobytes()).digest()).hexdigest()
        place = self._cache / f"{name}.npy"
        if place.is_file():
            kept: Probabilities = np.load(place)
            return kept
        if self._classify is None:
            self._classify = classifier.load(self.model)
        said = self._classify.classify_pixels(pictures)
        self._cache.mkdir(parents=True, exist_ok=True)
        with beside(place) as fresh, fresh.open("wb") as file:
            np.save(file, said)
        return said

    @property
    def card(self) -> dict[str, Any]:
        """How it was trained: the figures of its run; empty where nothing tells."""
        folder = self.model.path.parent
        places = [self.model.path.with_suffix(".json"), folder / "metrics.json"]
        file = next((each for each in places if each.is_file()), None)
        return {} if file is None else json.loads(file.read_text(encoding="utf-8"))


def mean(several: Sequence[Probabilities]) -> Probabilities:
    """The mean of what several models say."""
    return np.mean(several, axis=0, dtype=np.float64).astype(np.float32)


def of(test: Probabilities, labels: npt.NDArray[np.int64]) -> dict[str, float]:
    """Figures of answers to the test pictures."""
    scores = score(test, labels)
    right = test.argmax(axis=1) == labels
    return {
        "test_accuracy": scores.accuracy,
        "test_loss": scores.loss,
        "ece": scores.ece,
        "error_without_least_sure_1_percent": measures.error_without(
            test.max(axis=1).astype(np.float64), right, LEFT_OUT
        ),
    }


def spread(values: Sequence[float]) -> dict[str, float | None]:
    """Mean, standard deviation between seeds (None for one of them), lowest and highest."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "deviation": deviation, "min": min(values), "max": max(values)}


def any_p(values: Sequence[float]) -> float:
    """One p-value for tests that depend on each other, as those of several seeds on the same pictures do.

    The half of them, rounded up, that are lowest show something: `count / half` times the highest of these is a p-value
    whatever the tests have to do with each other. That of one test is itself.

    Source: Rueger, "Das maximale Signifikanzniveau des Tests: Lehne H0 ab, wenn k unter n gegebenen Tests zur Ablehnung
    fuehren" (1978).
    """
    half = (len(values) + 1) // 2
    return min(1.0, len(values) / half * sorted(values)[half - 1])


def compared(first: Sequence[Flags], second: Sequence[Flags]) -> dict[str, Any]:
    """McNemar's test of each seed of one network against that of the other, in pairs, and of all of them as one."""
    pairs = [(int((a & ~b).sum()), int((~a & b).sum())) for a, b in zip(first, second, strict=False)]
    each = [measures.mcnemar(*pair) for pair in pairs]
    return {
        "only_first_right": [pair[0] for pair in pairs],
        "only_second_right": [pair[1] for pair in pairs],
        "mcnemar_p_of_each_pair": each,
        "mcnemar_p": any_p(each),
    }


def teams(members: Sequence[str], runs: Mapping[str, Sequence[Any]]) -> Iterator[list[Any]]:
    """Runs that speak together: of each member another one, until those of a network are used up.

    Args:
        members: names of networks; one that is named twice gives two runs.
        runs: those of each network.
    """
    wanted = collections.Counter(members)
    for number in range(min(len(runs[name]) // count for name, count in wanted.items())):
        yield [run for name, count in wanted.items() for run in runs[name][number * count : (number + 1) * count]]


def row(name: str, figures: Sequence[Figures], about: Mapping[str, Any]) -> dict[str, Any]:
    """A network's row of the result file."""
    named = {key: [each.numbers[key] for each in figures] for key in figures[0].numbers}
    seven = [each.mean_of_seven for each in figures]
    return {
        "name": name,
        **about,
        **named,
        "corruptions_mean_of_seven": seven,
        "summary": {key: spread(values) for key, values in {**named, "corruptions_mean_of_seven": seven}.items()},
        "corruptions": {
            key: np.mean([each.corruptions[key] for each in figures], axis=0).round(5).tolist() for key in CORRUPTIONS
        },
    }


def trained(cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How the runs of a network were trained: what they share once, what differs as a list."""
    shared = {key: cards[0].get(key) for key in SAME if len({json.dumps(card.get(key)) for card in cards}) == 1}
    lists = {key: [card.get(key) for card in cards if key not in shared] for key in (*SAME, *EACH) if key not in shared}
    lists["seeds"] = list(itertools.chain(*(card.get("seeds") or [None] for card in cards)))
    renamed = {"command": "trained_by", "commit": "trained_at", "machine": "trained_on_machine"}
    return {**shared, **{renamed.get(key, key): value for key, value in lists.items()}}


def judge(archive: str, groups: Mapping[str, list[Judged]], parties: list[list[str]], corrupted: int | None) -> Any:
    """The rows and the comparisons of a result file."""
    dataset = data.load(archive)
    test = dataset.test
    valid, boxes = framing.read(Path(archive))
    some = np.sort(np.random.default_rng(0).permutation(len(test.labels))[:corrupted])
    sets: dict[str, tuple[Pixels, npt.NDArray[np.int64]]] = {
        "validation": (valid.images, valid.labels),
        **{name: (framing.framed(valid.images, boxes, more), valid.labels) for name, more in PICTURES_OF.items()},
    }
    subjects = {name: [[run] for run in runs] for name, runs in groups.items()}
    subjects |= {" + ".join(party): list(teams(party, groups)) for party in parties}
    every = [team for each in subjects.values() for team in each]
    accuracies: dict[int, dict[str, float]] = {id(team): {} for team in every}
    damage: dict[int, dict[str, list[float]]] = {id(team): {name: [] for name in CORRUPTIONS} for team in every}

    def accuracy(team: list[Judged], pictures: Pixels, labels: npt.NDArray[np.int64]) -> float:
        return float((mean([run.says(pictures) for run in team]).argmax(axis=1) == labels).mean())

    for name, (pictures, labels) in sets.items():
        for team in every:
            accuracies[id(team)][f"{name}_accuracy"] = accuracy(team, pictures, labels)
    for name, level in itertools.product(CORRUPTIONS, LEVELS):
        note(f"corrupting {len(some):,} test pictures: {name} {level}")
        damaged = corrupt(test.images[some], name, level)
        for team in every:
            damage[id(team)][name].append(accuracy(team, damaged, test.labels[some]))
    figures: dict[str, list[Figures]] = {}
    for name, alike in subjects.items():
        for team in alike:
            said = mean([run.says(test.images) for run in team])
            numbers = {**accuracies[id(team)], **of(said, test.labels)}
            right = said.argmax(axis=1) == test.labels
            figures.setdefault(name, []).append(Figures(right, numbers, damage[id(team)]))
    rows = []
    for name, each in figures.items():
        about = trained([run.card for run in groups[name]]) if name in groups else {"together": name.split(" + ")}
        rows.append(row(name, each, {**about, "pictures_corrupted": len(some)}))
    comparisons = [
        {"first": a, "second": b, **compared([each.right for each in figures[a]], [each.right for each in figures[b]])}
        for a, b in itertools.combinations(figures, 2)
    ]
    return rows, comparisons


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows for a person, in per cent."""
    columns = {
        "test_accuracy": "test",
        "ece": "ece",
        "error_without_least_sure_1_percent": "w/o 1 %",
        "corruptions_mean_of_seven": "seven",
        "validation_accuracy": "valid",
        "tight_accuracy": "tight",
        "loose_accuracy": "loose",
    }
    lines = ["".join([f"{'':34}", *(f"{title:>16}" for title in columns.values())])]
    for each in rows:
        cells = []
        for key in columns:
            summary = each["summary"][key]
            more = "" if summary["deviation"] is None else f" ±{100 * summary['deviation']:.3f}"
            cells.append(f"{100 * summary['mean']:.3f}{more}")
        title = f"{each['name'][:28]} ({len(each['test_accuracy'])})"
        lines.append("".join([f"{title:34}", *(f"{cell:>16}" for cell in cells)]))
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", metavar="ARCHIVE", help="the benchmark's pickles, a zip or folder")
    parser.add_argument("--network", nargs="+", action="append", required=True, metavar=("NAME", "RUN"))
    parser.add_argument("--together", nargs="+", action="append", default=[], metavar="NAME", help="of --network")
    parser.add_argument("--corrupted", type=int, metavar="N", help="so many test pictures, drawn at random, not all")
    parser.add_argument("--output", type=Path, default=RESULTS / "judged.json", metavar="FILE")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="FOLDER")
    options = parser.parse_args(argv)
    names = [name for name, *_ in options.network]
    if bare := [name for name, *runs in options.network if not runs]:
        parser.error(f"--network {bare[0]} names no run. Add .keras files or folders of runs, one a seed")
    if twice := [name for name, count in collections.Counter(names).items() if count > 1]:
        parser.error(f"--network {twice[0]} is there twice. Name all its runs in one")
    if unknown := [name for party in options.together for name in party if name not in names]:
        parser.error(f"--together {unknown[0]} is none of the networks: {', '.join(names)}")
    groups = {name: [Judged(run, options.cache) for run in runs] for name, *runs in options.network}
    for party in options.together:
        if not any(teams(party, groups)):
            parser.error(f"--together {' '.join(party)} asks for more runs of a network than there are")
    rows, comparisons = judge(options.archive, groups, options.together, options.corrupted)
    result = {
        "name": options.output.stem,
        "command": " ".join(["python benchmarks/judge.py ARCHIVE", *_flags(options)]),
        "date": datetime.date.today().isoformat(),
        **machine.description(),
        "framing": framing.ABOUT,
        "rows": rows,
        "comparisons": comparisons,
    }
    write_json(options.output, result)
    print(table(rows))
    for each in comparisons:
        print(f"{each['first']} against {each['second']}: p = {each['mcnemar_p']:.2g}")
    print(f"wrote {options.output}")


def _flags(options: argparse.Namespace) -> Iterator[str]:
    """The flags of a command as a result file tells it: of paths only that they are some."""
    for name, *runs in options.network:
        yield " ".join(["--network", name, *(run if run in models.NAMES else "RUN" for run in runs)])
    for party in options.together:
        yield " ".join(["--together", *party])
    if options.corrupted is not None:
        yield f"--corrupted {options.corrupted}"


if __name__ == "__main__":
    main(sys.argv[1:])
