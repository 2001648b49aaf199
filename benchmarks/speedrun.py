"""How long from pictures in memory to an accuracy on the test set? `python benchmarks/speedrun.py PICTURES`

PICTURES is the benchmark's zip or folder of pickles, or an .npz with the arrays `train_images`, `train_labels` and the
same of `valid` and `test`; `drawn_images` and `drawn_labels` may lie beside them (`--save FILE.npz` makes such a file).

The recipe is that of `--recipe`, changed by the flags, fixed before the first seed and chosen on the validation set.
Each seed trains from new weights to the last epoch, and is scored once, with its averaged weights, on the test set. The
clock runs from pictures in the host's memory to trained weights: the way to the device, equalising and all epochs
count. Compiling, which a process does once, drawing signs, making new weights and scoring are told apart.

    python benchmarks/speedrun.py traffic-signs-data.zip --target 98.0                        a CPU with TensorFlow
    KERAS_BACKEND=jax python benchmarks/speedrun.py PICTURES.npz --target 99.0 --seeds 10     a GPU
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import math
import os
import shlex
import statistics
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
if not importlib.util.find_spec("roadsigns"):  # a checkout on a machine where nothing can be installed
    sys.path.insert(0, str(HERE.parent))

from roadsigns import backend, data, machine  # noqa: E402
from roadsigns.config import TrainOptions  # noqa: E402
from roadsigns.data import Split, synthetic  # noqa: E402
from roadsigns.data.split import SPLITS  # noqa: E402
from roadsigns.files import write_json  # noqa: E402
from roadsigns.recipes import RECIPES  # noqa: E402

CHANGED = ("epochs", "batch_size", "learning_rate", "weight_decay", "augment", "precision", "average_momentum")
CHANGED += ("keep_prob", "keep_prob_conv", "use_image_percent")
"""Options of `roadsigns train` that have a flag here too."""


@dataclass
class Result:
    """What one seed came to."""

    seed: int
    setup_seconds: float = 0.0
    training_seconds: float = 0.0
    scoring_seconds: float = 0.0
    validation_accuracy: float = 0.0
    test_accuracy: float = 0.0
    losses: list[float] = field(default_factory=list)


def pictures(path: Path) -> tuple[dict[str, Split], Split | None]:
    """The three splits of a source, and the drawn signs that lie beside them."""
    if path.suffix != ".npz":
        dataset = data.load(str(path))
        return {name: dataset.split(name) for name in SPLITS}, None
    with np.load(path) as arrays:
        found = {
            name: Split(np.ascontiguousarray(arrays[f"{name}_images"]), arrays[f"{name}_labels"].astype(np.int64))
            for name in (*SPLITS, "drawn")
            if f"{name}_images" in arrays
        }
    if missing := [name for name in SPLITS if name not in found]:
        raise SystemExit(f"{path} has no {missing[0]}_images and {missing[0]}_labels")
    drawn = found.pop("drawn", None)
    return found, drawn


def mixed(real: Split, drawn: Split | None, share: float) -> tuple[Split, float]:
    """Real pictures with drawn ones, of which an epoch takes so many that it has each real one about once.

    Args:
        real: the pictures to learn from.
        drawn: the signs to draw from; not used where `share` is 0.
        share: of drawn signs among the pictures of an epoch, in [0, 1).

    Returns:
        All pictures, and the percentage of them that is an epoch. Real ones come several times where there are more
        drawn ones than an epoch takes, so that the next epoch has others.
    """
    if not share or drawn is None:
        return real, 100.0
    wanted = len(real) * share / (1 - share)
    times = max(1, round(len(drawn) / wanted))
    taken = drawn.where(np.arange(len(drawn)) < round(wanted * times))
    images = np.concatenate([real.images] * times + [taken.images])
    return Split(images, np.concatenate([real.labels] * times + [taken.labels])), 100 / times


class Race:
    """One network and one compiled epoch, through which every seed passes.

    Args:
        options: of `roadsigns train`.
        split: what is trained on.
    """

    def __init__(self, options: TrainOptions, split: Split) -> None:
        from roadsigns.train import run, runners

        self.options, self.split = options, split
        self.model = run.build(options, len(split))
        self.runner = runners.runner(self.model, options)

    def compile(self) -> float:
        """Seconds from nothing to a compiled epoch: what a first one takes longer than a second."""
        from stopwatch import seconds

        from roadsigns.train import epochs

        split = self.split
        if isinstance(self.runner, epochs.Steps):  # compiles steps: one of a whole batch, one of what is left over
            size, share = self.options.batch_size, self.options.use_image_percent / 100
            few = size + epochs.count(len(split), self.options) % size
            split = split.where(np.arange(len(split)) < math.ceil(few / share))
        placed = self.runner.place(split)
        first, second = (seconds(lambda number=number: self.runner.train(placed, number)) for number in (1, 2))
        return first - second

    def new_weights(self, seed: int) -> None:
        """Weights, averages and moments as training with `seed` begins with them."""
        from dataclasses import replace

        from roadsigns.train import run

        options = replace(self.options, seed=seed)
        fresh = run.build(options, len(self.split))
        fresh.optimizer.build(fresh.trainable_variables)
        old = [*self.model.variables, *self.model.optimizer.variables]
        for variable, value in zip(old, [*fresh.variables, *fresh.optimizer.variables], strict=True):
            variable.assign(value)
        self.runner.again(options)

    def run(self, seed: int, valid: Split, test: Split, until: float | None = None) -> Result:
        """Train with a seed, and score."""
        from stopwatch import seconds

        from roadsigns import scores
        from roadsigns.networks import answers
        from roadsigns.preprocess import preprocess
        from roadsigns.train import averages

        result = Result(seed)
        result.setup_seconds = seconds(lambda: self.new_weights(seed))
        start = time.perf_counter()
        placed = self.runner.place(self.split)
        for epoch in range(1, self.options.epochs + 1):
            result.losses.append(self.runner.train(placed, epoch)[0])
        result.training_seconds = time.perf_counter() - start
        start = time.perf_counter()
        channels = answers.channels(self.model)
        with averages.taken(self.model):
            for name, split in (("validation", valid), ("test", test)):
                said = answers.probabilities(self.model, preprocess(split.images, channels), batch_size=1024)
                setattr(result, f"{name}_accuracy", scores.score(said, split.labels).accuracy)
        result.scoring_seconds = time.perf_counter() - start
        return result


def spread(values: list[float]) -> dict[str, float]:
    """Mean, deviation, least and greatest."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"mean": statistics.mean(values), "deviation": deviation, "min": min(values), "max": max(values)}


def asked(argv: list[str] | None = None) -> tuple[argparse.Namespace, TrainOptions]:
    """The flags, and the options of training that follow from them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, metavar="PICTURES")
    parser.add_argument("--target", type=float, default=99.0, help="test accuracy in per cent (default: 99.0)")
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0 (default: 1)")
    parser.add_argument("--network", default="small")
    parser.add_argument("--recipe", choices=RECIPES, default="best", help="what no flag sets (default: best)")
    parser.add_argument("--drawn", type=int, metavar="N", help="draw so many signs first, on all cores")
    parser.add_argument("--drawn-share", type=float, default=0.0, help="of an epoch's pictures, in [0, 1) (default: 0)")
    defaults = TrainOptions()
    for name in CHANGED:
        parser.add_argument("--" + name.replace("_", "-"), type=type(getattr(defaults, name)), metavar="X")
    parser.add_argument("--out", type=Path, help="the file of results (default: results/speedrun-DEVICE.json)")
    parser.add_argument("--save", type=Path, metavar="FILE.npz", help="write the pictures as one file, and end")
    parser.add_argument("--commit", help="commit of the checkout, where there is no git to tell it")
    flags = parser.parse_args(argv)
    if not 0 <= flags.drawn_share < 1:
        parser.error(f"--drawn-share must be in [0, 1). Received: {flags.drawn_share}")
    recipe = RECIPES[flags.recipe].settings(flags.network)
    chosen = {name: recipe[name] for name in (*CHANGED, "schedule") if name in recipe}
    chosen |= {name: getattr(flags, name) for name in CHANGED if getattr(flags, name) is not None}
    return flags, TrainOptions(network=flags.network, recipe=flags.recipe, **chosen)


def main() -> None:
    """Run every seed, and write what they came to."""
    from dataclasses import replace

    flags, options = asked()
    backend.start()
    splits, drawn = pictures(flags.pictures)
    drawing = time.perf_counter()
    if flags.drawn:
        drawn = Split(*synthetic.draw(flags.drawn, 0, processes=synthetic.cores()))
    drawing = time.perf_counter() - drawing
    if flags.save:
        parts = {**splits, **({"drawn": drawn} if drawn else {})}
        arrays = {f"{name}_images": split.images for name, split in parts.items()}
        np.savez(flags.save, **arrays, **{f"{name}_labels": split.labels for name, split in parts.items()})
        return
    if flags.drawn_share and drawn is None:
        raise SystemExit(f"--drawn-share {flags.drawn_share} needs drawn signs: give --drawn N")
    split, percent = mixed(splits["train"], drawn, flags.drawn_share)
    options = replace(options, use_image_percent=options.use_image_percent * percent / 100)
    race = Race(options, split)
    compile_seconds = race.compile()
    print(f"compiled in {compile_seconds:.1f} s; {options.epochs} epochs of {options.batch_size} a step", flush=True)
    results: list[Result] = []
    for seed in range(flags.seeds):
        results.append(race.run(seed, splits["valid"], splits["test"]))
        last = results[-1]
        print(
            f"seed {seed}: {last.training_seconds:8.2f} s  validation {last.validation_accuracy:.2%}  "
            f"test {last.test_accuracy:.2%}",
            flush=True,
        )
        told = described(flags, options, race, results)
        told |= {"compile_seconds": compile_seconds, "drawing_seconds": drawing}
        device = "cpu" if machine.accelerator() is None else "gpu"
        write_json(flags.out or HERE / "results" / f"speedrun-{device}.json", told)
    reached = [each.test_accuracy >= flags.target / 100 for each in results]
    mean = spread([each.test_accuracy for each in results])
    print(
        f"test {mean['mean']:.3%} ± {mean['deviation']:.3%} in "
        f"{statistics.mean(each.training_seconds for each in results):.2f} s; "
        f"{sum(reached)} of {len(reached)} seeds reach {flags.target} %"
    )


def described(flags: argparse.Namespace, options: TrainOptions, race: Race, results: list[Result]) -> dict[str, Any]:
    """The keys of the project's result files."""
    from roadsigns.networks import answers

    seconds = spread([each.training_seconds for each in results])
    return {
        "name": f"speedrun-{flags.target:g}",
        "command": shlex.join(["python", "benchmarks/speedrun.py", *sys.argv[1:]]),
        **machine.description(),
        **({"commit": flags.commit} if flags.commit else {}),
        "date": datetime.date.today().isoformat(),
        "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
        "network": options.network,
        "parameters": race.model.count_params(),
        "multiply_adds": answers.multiply_adds(race.model),
        "recipe": options.recipe,
        "settings": {name: getattr(options, name) for name in (*CHANGED, "schedule")},
        "drawn_share": flags.drawn_share,
        "trained_on": "gtsrb+synthetic" if flags.drawn_share else "gtsrb",
        "pictures": len(race.split),
        "seeds": [each.seed for each in results],
        "epochs": options.epochs,
        "target": flags.target / 100,
        "reached": sum(each.test_accuracy >= flags.target / 100 for each in results),
        "train_minutes": seconds["mean"] / 60,
        "training_seconds": seconds,
        "validation_accuracy": [each.validation_accuracy for each in results],
        "test_accuracy": [each.test_accuracy for each in results],
        "test_spread": spread([each.test_accuracy for each in results]),
        "runs": [asdict(each) for each in results],
    }


if __name__ == "__main__":
    main()
