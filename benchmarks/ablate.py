"""What each setting is worth: trains it for every seed and fold, and writes one row a training and a table of means.

    python benchmarks/ablate.py SETTINGS.json DATA RESULT.json [--seeds 0 1 2] [--folds 5] [--only 0 1]

`SETTINGS.json` gives each setting a name and the options of `roadsigns train` in which it differs from `--recipe
best`: `{"best": {}, "no changes": {"augment": 0}, "tiny": {"network": "tiny", "batch_size": 64}}`. `without` leaves
something else out: the network's `transformer` or `colour`, or the `drawn` signs; these are half of an epoch, so that
twice the epochs make as many steps. `ablations.json` has the settings of the recipe.

Each network is trained on the real training pictures without one fold of whole tracks (`roadsigns.data.folds`) and
judged on that fold: its accuracy, its loss, and the mean of seven corruptions. So every real picture can be judged by a
network that has not seen its sign, and the validation set and the test set stay out of it. The weights are the averages
at the last epoch.

Rows that the result holds already are left as they are. `--drawings N` shares N sets of drawn signs between all
trainings instead of drawing others for each, as `train_many.py` does: an accelerator trains faster than cores draw.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from judge import spread
from train_many import PARTS, Job, Pool, Pooled, without

from roadsigns import backend, data, machine
from roadsigns.config import TrainOptions
from roadsigns.console import note
from roadsigns.corruptions import LEVELS, SEVEN, corrupt
from roadsigns.data import Dataset, Split, folds
from roadsigns.files import write_json
from roadsigns.recipes import RECIPES
from roadsigns.scores import score

MOST = 1000
"""Held-out pictures that are corrupted, drawn at random where there are more."""
WITHOUT, DRAWN = "without", "drawn"
SETS = Path(tempfile.gettempdir()) / "roadsigns-drawn-sets"
FIGURES = ("accuracy", "loss", "mean_of_seven")


class HeldOut(Dataset):
    """A data set whose validation pictures are a fold of its real training pictures, which it trains without.

    Args:
        whole: the data set.
        held: which of its real training pictures are held out, `(N,)`.
    """

    def __init__(self, whole: Dataset, held: npt.NDArray[np.bool_]) -> None:
        super().__init__(whole.source, whole.path)
        self._whole, self._held = whole, held
        real = whole.parts[0].train
        self._fold = {"train": real.where(~held), "valid": real.where(held)}

    @property
    def parts(self) -> Sequence[Dataset]:
        return self._whole.parts

    @property
    def kind(self) -> str:
        return self._whole.kind

    @property
    def manifest(self) -> dict[str, Any]:
        return {**self._whole.manifest, "held_out": int(self._held.sum())}

    def split(self, name: Any) -> Split:
        if name == "test":
            raise ValueError("Settings are not chosen by the test set")
        return self._without(self._whole.train) if name == "train" else self._fold["valid"]

    def redrawn(self, epoch: int) -> Split:
        return self._without(self._whole.redrawn(epoch))

    def _without(self, split: Split) -> Split:
        """The real pictures come first, the drawn ones after them."""
        drawn = np.ones(len(split) - len(self._held), np.bool_)
        return split.where(np.concatenate([~self._held, drawn]))


def options(setting: Mapping[str, Any], seed: int, folder: Path) -> TrainOptions:
    """The options of one training: `--recipe best` but for what `setting` says.

    Raises:
        ValueError: there is nothing that `without` names.
    """
    recipe = RECIPES["best"].settings(setting.get("network"))
    left_out = setting.get(WITHOUT, DRAWN)
    if left_out not in (*PARTS, DRAWN):
        raise ValueError(
            f"Invalid value for `without`: expected one of {', '.join((*PARTS, DRAWN))}. Received: {left_out!r}"
        )
    if setting.get(WITHOUT) == DRAWN:
        recipe = {**recipe, "data": "gtsrb", "count": None, "redraw": False}
    own = {name: value for name, value in setting.items() if name != WITHOUT}
    given = {**recipe, **own, "recipe": "best", "seed": seed}
    return TrainOptions(**given, run_dir=folder / "run", output=folder / "models")


def train(chosen: TrainOptions, dataset: Dataset) -> dict[str, Any]:
    """Train, and judge by the pictures that `dataset` holds out: `FIGURES`, and how long it took in minutes."""
    backend.start()
    from roadsigns.networks import answers
    from roadsigns.preprocess import preprocess
    from roadsigns.train import averages, folder, run

    work = folder.start(chosen)
    with work.alone():
        run.fit(work, dataset, note)
    with work.reading(work.chosen.epoch) as path:
        model = averages.load(path)
    channels = answers.channels(model)
    valid = dataset.valid

    def probabilities(images: Any) -> Any:
        return answers.probabilities(model, preprocess(images, channels))

    figures = score(probabilities(valid.images), valid.labels)
    some = np.sort(np.random.default_rng(0).permutation(len(valid))[:MOST])
    seven = [
        score(probabilities(corrupt(valid.images[some], name, level)), valid.labels[some]).accuracy
        for name, level in itertools.product(SEVEN, LEVELS)
    ]
    return {
        "accuracy": figures.accuracy,
        "loss": figures.loss,
        "mean_of_seven": float(np.mean(seven)),
        "train_minutes": round(sum(row.seconds for row in work.history) / 60, 2),
    }


def ablate(
    settings: Mapping[str, Mapping[str, Any]],
    dataset: Dataset,
    result: Path,
    *,
    seeds: Iterable[int] = (0, 1, 2),
    count: int = 5,
    only: Iterable[int] | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Train every setting for every seed and fold, and write each as soon as it is done.

    Args:
        settings: by name, options that differ from `--recipe best`.
        dataset: real pictures in the benchmark's order, perhaps with drawn ones.
        result: the file; trainings that it holds are not done again.
        seeds: of the trainings.
        count: folds that the real pictures are divided into.
        only: the folds that are trained for, of 0 to `count` - 1; all by default.
        command: what the file calls the command.

    Returns:
        What the file holds.
    """
    held = folds.folds(dataset.parts[0].train, count)
    wanted = itertools.product(settings, range(count) if only is None else only, seeds)
    rows = json.loads(result.read_text(encoding="utf-8"))["rows"] if result.exists() else []
    done = {(row["name"], row["fold"], row["seed"]) for row in rows}
    told: dict[str, Any] = {}
    for name, fold, seed in [each for each in wanted if each not in done]:
        note(f"{name}, fold {fold} of {count}, seed {seed}")
        part = settings[name].get(WITHOUT, "")
        whole = dataset.parts[0] if part == DRAWN else dataset
        with tempfile.TemporaryDirectory(prefix="roadsigns-ablate-") as folder, without("" if part == DRAWN else part):
            figures = train(options(settings[name], seed, Path(folder)), HeldOut(whole, held[fold]))
        rows.append({"name": name, "fold": fold, "seed": seed, "changed": dict(settings[name]), **figures})
        told = {
            "name": "ablation",
            "command": command,
            "date": datetime.date.today().isoformat(),
            **machine.description(),
            "folds": count,
            "rows": rows,
            "table": means(rows),
        }
        write_json(result, told)
    return told or json.loads(result.read_text(encoding="utf-8"))


def means(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Mean and spread of each setting's figures, and of their differences from the first setting in the same pairs.

    A setting and the first are compared where both were trained for the same fold and seed: what a fold or a seed adds
    to both falls out of the difference.
    """
    by_name: dict[str, dict[tuple[int, int], Mapping[str, Any]]] = {}
    for row in rows:
        by_name.setdefault(row["name"], {})[row["fold"], row["seed"]] = row
    first = next(iter(by_name.values()))
    table = []
    for name, own in by_name.items():
        pairs = sorted(own.keys() & first.keys())
        table.append(
            {
                "name": name,
                "trainings": len(own),
                **{figure: spread([row[figure] for row in own.values()]) for figure in FIGURES},
                "against_first": {
                    figure: spread([own[pair][figure] - first[pair][figure] for pair in pairs]) for figure in FIGURES
                }
                if pairs
                else None,
            }
        )
    return table


def shown(table: Sequence[Mapping[str, Any]]) -> str:
    """The table for a person, in per cent and nats."""
    lines = [f"{'':28}{'accuracy':>16}{'loss':>16}{'seven':>16}{'against first':>18}"]
    for row in table:
        cells = []
        for figure in FIGURES:
            unit = 1 if figure == "loss" else 100
            more = "" if row[figure]["deviation"] is None else f" ±{unit * row[figure]['deviation']:.3f}"
            cells.append(f"{unit * row[figure]['mean']:.3f}{more}")
        apart = "" if row["against_first"] is None else f"{100 * row['against_first']['accuracy']['mean']:+.3f}"
        lines.append(
            f"{row['name'][:24]} ({row['trainings']})".ljust(28) + "".join(f"{c:>16}" for c in cells) + f"{apart:>18}"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", type=Path, metavar="SETTINGS.json")
    parser.add_argument("data", metavar="DATA", help="as --data of roadsigns train")
    parser.add_argument("result", type=Path, metavar="RESULT.json")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--folds", type=int, default=5, metavar="N", help="that the real pictures are divided into")
    parser.add_argument("--only", type=int, nargs="+", metavar="FOLD", help="of them, from 0; all by default")
    parser.add_argument("--drawings", type=int, metavar="N", help="share so many sets of drawn signs; DATA has none")
    parser.add_argument("--count", type=int, default=34_800, metavar="N", help="signs of each set")
    parser.add_argument("--sets", type=Path, default=SETS, metavar="FOLDER", help="where the sets are kept")
    given = parser.parse_args(argv)
    settings = json.loads(given.settings.read_text(encoding="utf-8"))
    if not settings or not all(isinstance(each, dict) for each in settings.values()):
        parser.error(f'{given.settings} holds no settings. Expected {{"best": {{}}, "name": {{"option": value}}}}')
    if wrong := [fold for fold in given.only or () if not 0 <= fold < given.folds]:
        parser.error(f"--only {wrong[0]} is none of the {given.folds} folds: expected 0 to {given.folds - 1}")
    for setting in settings.values():
        options(setting, 0, Path("none"))  # raises before the first training where a value is none
    dataset = data.load(given.data)
    if given.drawings:
        dataset = with_shared(dataset, given.sets, given.drawings, given.count)
    flags = [f"--seeds {' '.join(map(str, given.seeds))} --folds {given.folds}"]
    flags += [f"--only {' '.join(map(str, given.only))}"] if given.only else []
    flags += [f"--drawings {given.drawings} --count {given.count}"] if given.drawings else []
    command = " ".join(["python benchmarks/ablate.py SETTINGS.json DATA RESULT.json", *flags])
    told = ablate(
        settings, dataset, given.result, seeds=given.seeds, count=given.folds, only=given.only, command=command
    )
    print(shown(told["table"]))
    print(f"wrote {given.result}")


def with_shared(real: Dataset, folder: Path, sets: int, count: int) -> Dataset:
    """Real pictures with so many sets of drawn ones, which are drawn into `folder` where they are not there yet."""
    pool = Pool(folder, sets, count)
    pool.draw()
    return Pooled(real, pool, Job(), True)


if __name__ == "__main__":
    main()
