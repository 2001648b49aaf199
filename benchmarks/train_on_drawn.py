"""How well does a network name real signs that has seen drawn ones only? Written to `results/accuracy-drawn.json`.

    python benchmarks/train_on_drawn.py ARCHIVE [ROW ...]

Each row draws a data set, trains as `roadsigns train` does, and scores the epoch that was best on *drawn* validation
pictures on the real validation and test pictures of ARCHIVE, once each. Rows:

    quick            86,000 drawn signs, `--recipe quick`
    ablation         43,000 drawn signs, four epochs: three seeds, and seed 0 without each of the camera's rooms
    long             fourteen epochs of 170,000 signs, other ones in each
    mixing           real signs alone, and with 86,000 drawn ones, in about as many steps

Rows that the file holds already are left as they are; a row that was cut off goes on from its last epoch (in CACHE, by
default /tmp/roadsigns-drawn). But for `mixing` no real picture is trained on, and none chooses an epoch.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roadsigns import data, evaluate
from roadsigns.data import gtsrb, synthetic
from roadsigns.data.split import SPLITS
from roadsigns.files import write_json
from roadsigns.train.__main__ import main as train

RESULT = Path(__file__).resolve().parent / "results" / "accuracy-drawn.json"
CACHE = Path(os.environ.get("CACHE", "/tmp/roadsigns-drawn"))
ROOMS = {
    "view": ("turn", "tilt", "margin", "offset", "size"),
    "scene": ("background", "sky", "pole", "plate", "neighbour", "branches"),
    "print": ("swell", "stroke"),
    "wear": ("tone", "pigment", "fading", "gloss", "dirt", "sticker"),
    "light": ("contrast", "shadow", "glare", "haze", "exposure"),
    "lens": ("defocus", "motion", "fringe"),
    "sensor": ("cast", "noise", "mosaic", "sharpening", "jpeg"),
}
"""The camera's factors, by the room that applies them."""


NETWORK = ("--network", "notebook", "--weight-decay", "0", "--augment", "0", "--keep-prob", "0.8")
"""The rows compare drawings, so all of them train the network that the first ones did."""


@dataclass(frozen=True)
class Row:
    """One training: how many drawn pictures, by which camera, and what else `train` is told."""

    name: str
    count: int | None
    seed: int = 0
    without: str = ""
    flags: tuple[str, ...] = ()
    source: str = "synthetic"


SCORES = ("validation_accuracy", "test_accuracy")
_SHORT = ("--epochs", "4")
ROWS = {
    "quick": [Row("quick", 86_000)],
    "ablation": [
        *(Row(f"all-{seed}", 43_000, seed, flags=_SHORT) for seed in (0, 1, 2)),
        *(Row(f"without-{room}", 43_000, without=room, flags=_SHORT) for room in ROOMS),
    ],
    "long": [Row("long", 170_000, flags=("--epochs", "14", "--redraw"))],
    "mixing": [
        row
        for seed in (0, 1)
        for row in (
            Row(f"real-{seed}", None, seed, flags=("--epochs", "31"), source="gtsrb"),
            Row(f"mixed-{seed}", 86_000, seed, flags=("--epochs", "9"), source="gtsrb+synthetic"),
        )
    ],
}


def draw(row: Row, archive: str) -> tuple[str, ...]:
    """The flags that name the row's pictures, which are drawn unless they are there."""
    folder = CACHE / f"{row.source}-{row.count}-{row.seed}-{row.without or 'all'}"
    if not row.without:
        if row.source != "synthetic" and not (folder / "manifest.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(archive, folder / gtsrb.ADDRESS.rsplit("/", 1)[-1])  # where the download would put it
        drawn = {} if row.source == "gtsrb" else {"count": row.count, "seed": row.seed}
        data.load(row.source, folder, **drawn)
        count = ("--count", str(row.count)) if drawn else ()
        return "--data", row.source, *count, "--data-dir", str(folder)
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        camera = synthetic.Camera().without(*ROOMS[row.without])
        for part, split in enumerate(SPLITS):
            count = row.count if split == "train" else row.count // 10
            images, labels = synthetic.draw(count, row.seed, part=part, camera=camera, processes=synthetic.cores())
            pictures = {"features": images, "labels": labels.astype(np.uint8)}
            (folder / f"{split}.p").write_bytes(pickle.dumps(pictures, protocol=4))
        (folder / "done").touch()
    return "--data", str(folder)


def asked(main, *argv):
    """What a command prints with --json."""
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        assert main([*argv, "--json"]) == 0, argv
    return json.loads(stdout.getvalue())


def confused(confusion: np.ndarray) -> list[str]:
    """The ten commonest mistakes, as 'right class as other class: pictures'."""
    wrong = confusion * (1 - np.eye(len(confusion), dtype=int))
    pairs = np.dstack(np.unravel_index(np.argsort(-wrong, axis=None, kind="stable")[:10], wrong.shape))[0]
    return [f"{right} as {guess}: {wrong[right, guess]}" for right, guess in pairs.tolist()]


def measure(row: Row, archive: str) -> dict:
    """What the row's training is worth."""
    started = time.perf_counter()
    pictures, run = draw(row, archive), CACHE / row.name
    drawn_minutes = (time.perf_counter() - started) / 60
    go_on = ["--resume", str(run)] if (run / "config.json").exists() else None
    flags = [*pictures, "--recipe", "quick", *NETWORK, "--seed", str(row.seed), "--run-dir", str(run), *row.flags]
    output = ("--output", str(CACHE / "models" / row.name))
    metrics = asked(train, *(go_on or flags), *output)
    real = {
        split: asked(evaluate.main, "--model", str(run / "model.keras"), "--data", archive, "--split", split)
        for split in ("valid", "test")
    }
    return {
        **metrics,
        "name": row.name,
        "command": "python benchmarks/train_on_drawn.py ARCHIVE " + next(name for name in ROWS if row in ROWS[name]),
        "trains_as": metrics["command"].replace("--data PATH", f"--data synthetic --count {row.count}"),
        "without": list(ROOMS[row.without]) if row.without else [],
        "trained_on": row.source,
        "pictures": row.count,
        "draw_minutes": round(drawn_minutes, 2),
        **({f"drawn_{name}": metrics[name] for name in SCORES} if row.source == "synthetic" else {}),
        "validation_accuracy": real["valid"]["accuracy"],
        "test_accuracy": real["test"]["accuracy"],
        "test_loss": real["test"]["loss"],
        "ece": real["test"]["ece"],
        "class_accuracies": real["test"]["class_accuracies"],
        "most_confused": confused(np.array(real["test"]["confusion"])),
        "exported": None,
    }


def main(archive: str, *names: str) -> None:
    results = json.loads(RESULT.read_text()) if RESULT.exists() else []
    for row in (row for name in names or ROWS for row in ROWS[name]):
        if row.name in {result["name"] for result in results}:
            continue
        result = measure(row, archive)
        results.append(result)
        write_json(RESULT, results)
        print(
            f"{row.name:20} validation {result['validation_accuracy']:.2%}  test {result['test_accuracy']:.2%}",
            flush=True,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
