"""Ten signs that the package's weights have never seen, twenty pictures of each: what is trained on them is of use."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import roadsigns
from labelled import fill, png
from roadsigns.data import synthetic
from roadsigns.data.synthetic import design_folder, svg
from roadsigns.train.__main__ import main as train

SWEDISH = Path(__file__).parent.parent / "fixtures" / "swedish"
# Beside the Swedish ones: three of one shape and colour, and two of others.
DESIGNS = {
    "Exit": svg.rectangle(2, 2, 96, 96, svg.GREEN) + svg.stroke("M 20 50 H 80 M 55 25 L 80 50 L 55 75", svg.WHITE, 9),
    "First aid": svg.rectangle(2, 2, 96, 96, svg.GREEN) + svg.stroke("M 50 20 V 80 M 20 50 H 80", svg.WHITE, 18),
    "Meeting point": svg.rectangle(2, 2, 96, 96, svg.GREEN) + svg.circle(50, 50, 26, svg.WHITE),
    "Forklifts": svg.fill("M 50 4 L 98 92 H 2 Z M 44 40 V 70 H 56 V 40 Z", svg.YELLOW),
    "Level": svg.rectangle(2, 30, 96, 40, svg.YELLOW) + svg.stroke("M 2 30 L 42 70 M 42 30 L 82 70", svg.BLACK, 12),
}
EACH = 20


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("few") / "designs"
    shutil.copytree(SWEDISH, folder, ignore=shutil.ignore_patterns("classes.csv"))
    return fill(folder, {f"{name}.svg": svg.document(inside).encode() for name, inside in DESIGNS.items()})


def test_twenty_pictures_of_each_teach_ten_signs(designs: Path) -> None:
    classes, drawn = design_folder.read(designs)
    images, labels = synthetic.draw(EACH * len(classes), 3, designs=drawn)
    others, truth = synthetic.draw(EACH * len(classes), 3, part=1, designs=drawn)
    folder = designs.parent
    names = [f"{classes.names[label]}/{index:03d}.png" for index, label in enumerate(labels)]
    fill(folder / "signs", {name: png(image) for name, image in zip(names, images, strict=True)})

    flags = ["--recipe", "own", "--epochs", "30"]  # half of the recipe's, which are enough here
    flags += ["--data-dir", str(folder / "cache"), "--run-dir", str(folder / "run"), "--output", str(folder / "models")]
    assert train(["--data", str(folder / "signs"), *flags, "--quiet"]) == 0

    model = roadsigns.load(folder / "models")
    right = [said.name == classes.names[label] for said, label in zip(model.predict(list(others)), truth, strict=True)]
    assert np.mean(right) > 0.85
