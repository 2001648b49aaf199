"""Phases of a run: a frozen body stays as it is and thaws, and a run that is given more epochs goes on."""

from __future__ import annotations

import csv
from pathlib import Path

import keras
import numpy as np
import pytest

from labelled import fill, png
from pictures import draw_signs
from roadsigns import keras_file, models
from roadsigns.config import TrainOptions
from roadsigns.train import epochs, phases
from roadsigns.train.__main__ import main


@pytest.fixture(scope="module")
def signs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five classes of their own."""
    images, _ = draw_signs(40, 5)
    return fill(tmp_path_factory.mktemp("own"), {f"c{i % 5}/{i}.png": png(image) for i, image in enumerate(images)})


def run(folder: Path, data: Path, *flags: str) -> int:
    places = ["--run-dir", str(folder / "run"), "--output", str(folder / "models"), "--data-dir", str(folder / "c")]
    return main(["--data", str(data), *places, "--batch-size", "8", "--quiet", *flags])


def weights(folder: Path, name: str, *layers: str) -> list[np.ndarray]:
    model = keras.saving.load_model(folder / "run" / name, compile=False)
    return [np.asarray(weight) for each in layers for weight in model.get_layer(each).weights]


def same(ones: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(ones, others, strict=True))


BODY = ("block1_conv1", "block3_conv2", "block1_conv1_norm", "locator_conv1")


def test_the_body_is_frozen_then_learns_and_a_resumed_run_ends_alike(
    signs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ["--start", "small", "--epochs", "3", "--frozen-epochs", "2", "--schedule", "cosine", "--augment", "0.5"]
    train, seen = epochs.train, {}

    def noted(model: keras.Model, pictures: epochs.Pictures, options: TrainOptions, epoch: int) -> tuple[float, float]:
        told = train(model, pictures, options, epoch)
        layers = [model.get_layer(name) for name in (*BODY, "scores")]
        seen[epoch] = [[np.array(weight) for weight in layer.weights] for layer in layers]
        return told

    monkeypatch.setattr(epochs, "train", noted)
    assert run(tmp_path / "whole", signs, *flags) == 0
    shipped = keras_file.load(models.shipped("small"))
    for place, name in enumerate(BODY):
        theirs = [np.asarray(weight) for weight in shipped.get_layer(name).weights]
        trainable = 2 if name.endswith("norm") else len(theirs)
        assert same(seen[2][place][:trainable], theirs[:trainable]), "frozen"
        assert not same(seen[3][place], theirs), "thawed"
        if name.endswith("norm"):
            assert same(seen[2][place][2:4], theirs[2:4]), "and so are its statistics"
    assert not same(seen[1][-1], seen[2][-1]), "the head learns"

    def cut(model: keras.Model, pictures: epochs.Pictures, options: TrainOptions, epoch: int) -> tuple[float, float]:
        if epoch == 3:
            raise KeyboardInterrupt
        return train(model, pictures, options, epoch)

    monkeypatch.setattr("roadsigns.train.run.KEEP_SECONDS", 0.0)
    monkeypatch.setattr(epochs, "train", cut)
    assert run(tmp_path / "cut", signs, *flags) == 130
    monkeypatch.setattr(epochs, "train", train)
    assert main(["--resume", str(tmp_path / "cut" / "run"), "--quiet"]) == 0
    names = (*BODY, "scores", "no_sign")
    assert same(*(weights(tmp_path / each, "model.keras", *names) for each in ("whole", "cut")))


def test_a_finished_run_given_more_epochs_ends_as_one_of_so_many(signs: Path, tmp_path: Path) -> None:
    flags = ["--network", "tiny", "--seed", "4"]
    assert run(tmp_path / "whole", signs, *flags, "--epochs", "3") == 0
    assert run(tmp_path / "more", signs, *flags, "--epochs", "2") == 0
    assert main(["--resume", str(tmp_path / "more" / "run"), "--epochs", "3", "--quiet"]) == 0
    assert same(*(weights(tmp_path / each, "epoch-0003.keras", *BODY, "scores") for each in ("whole", "more")))
    assert (tmp_path / "more" / "run" / "metrics-0002.json").exists() and (tmp_path / "more" / "models" / "2").exists()


def test_a_step_size_that_has_fallen_to_nothing_rises_again(signs: Path, tmp_path: Path) -> None:
    flags = ["--network", "tiny", "--schedule", "cosine"]
    assert run(tmp_path, signs, *flags, "--epochs", "2") == 0
    before = weights(tmp_path, "epoch-0002.keras", "scores")
    assert main(["--resume", str(tmp_path / "run"), "--epochs", "4", "--quiet"]) == 0
    assert np.abs(weights(tmp_path, "epoch-0004.keras", "scores")[0] - before[0]).max() > 1e-3
    with (tmp_path / "run" / "history.csv").open(newline="") as file:
        assert [int(row["epoch"]) for row in csv.DictReader(file)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("options", "pictures", "frozen"),
    [
        (TrainOptions(epochs=60), 200, 0),
        (TrainOptions(epochs=60, start="small"), 200, 12),
        (TrainOptions(epochs=60, start="small"), 2000, 0),
        (TrainOptions(epochs=60, start="small", frozen_epochs=3), 2000, 3),
        (TrainOptions(epochs=2, start="small", frozen_epochs=3), 20, 2),
        (TrainOptions(epochs=60, start="nothing", frozen_epochs=3), 20, 0),
    ],
)
def test_few_pictures_freeze_a_fifth_of_the_epochs(options: TrainOptions, pictures: int, frozen: int) -> None:
    assert phases.frozen_epochs(options, pictures) == frozen
