"""Trainings of settings on folds: what is held out, what is written, what is gone on with."""

import json
from pathlib import Path

import ablate
import numpy as np
import pytest

from archives import write_archive
from pictures import draw_signs
from roadsigns import data
from roadsigns.errors import UsageError

FIGURES = {"accuracy": 0.9, "loss": 0.1, "mean_of_seven": 0.8, "train_minutes": 1.0}
SETTINGS = {"first": {"network": "tiny"}, "plain": {"network": "tiny", "augment": 0.0}}


class Mixed(data.Dataset):
    """Sixty real pictures of two classes in tracks of 30, then four drawn ones, which change from epoch to epoch."""

    def __init__(self, tmp_path):
        super().__init__("mixed", tmp_path)
        images, _ = draw_signs(124, seed=1)
        self.real = data.Split(images[:120], np.repeat([0, 1], 60))
        self.drawn = images[120:]

    @property
    def manifest(self):
        return {}

    @property
    def kind(self):
        return "mixed"

    @property
    def parts(self):
        return [type("Real", (), {"train": self.real})]

    def split(self, name):
        return self.redrawn(1)

    def redrawn(self, epoch):
        drawn = np.clip(self.drawn.astype(int) + epoch, 0, 255).astype(np.uint8)
        images = np.concatenate([self.real.images, drawn])
        return data.Split(images, np.concatenate([self.real.labels, np.array([0, 1, 0, 1])]))


def test_a_fold_is_trained_without_and_judged_by(tmp_path):
    whole = Mixed(tmp_path)
    held = np.repeat([True, False, False, True], 30)
    fold = ablate.HeldOut(whole, held)
    np.testing.assert_array_equal(fold.valid.images, whole.real.images[held])
    assert len(fold.train) == 64
    np.testing.assert_array_equal(fold.train.images[:60], whole.real.images[~held])
    np.testing.assert_array_equal(fold.redrawn(3).images[60:], whole.redrawn(3).images[120:])
    with pytest.raises(ValueError, match="not chosen by the test set"):
        _ = fold.test


def test_drawn_signs_are_shared_by_all_trainings(tmp_path):
    archive = write_archive(tmp_path / "signs.zip", train=86)
    real = data.load(str(archive))
    whole = ablate.with_shared(real, tmp_path / "sets", 2, 43)
    assert [each.train for each in whole.parts] == [real.train]
    held = np.arange(86) % 2 == 0
    fold = ablate.HeldOut(whole, held)
    first, second, third = (fold.redrawn(epoch) for epoch in (1, 2, 3))
    assert len(first) == 43 + 43
    np.testing.assert_array_equal(first.images[:43], real.train.images[~held])
    np.testing.assert_array_equal(first.images, third.images, "two sets in turn")
    assert (first.images[43:] != second.images[43:]).any() and (first.images[:43] == second.images[:43]).all()


def test_each_setting_differs_from_the_recipe_by_what_it_says(tmp_path):
    chosen = ablate.options({"network": "tiny", "augment": 0.0}, 3, tmp_path)
    assert (chosen.network, chosen.augment, chosen.seed, chosen.batch_size) == ("tiny", 0.0, 3, 256)
    with pytest.raises(UsageError, match="network"):
        ablate.options({"network": "huge"}, 0, tmp_path)


def test_what_is_left_out_is_known_before_the_first_training(tmp_path):
    alone = ablate.options({"without": "drawn", "epochs": 8}, 0, tmp_path)
    assert (alone.data, alone.redraw, alone.epochs) == ("gtsrb", False, 8)
    assert ablate.options({"without": "colour"}, 0, tmp_path).data == "gtsrb+synthetic"
    for wrong in ("", "colours"):
        with pytest.raises(ValueError, match="expected one of transformer, colour, drawn. Received: '" + wrong):
            ablate.options({"without": wrong}, 0, tmp_path)


def test_the_settings_of_the_recipe_are_settings(tmp_path):
    settings = json.loads((Path(ablate.__file__).parent / "ablations.json").read_text())
    for setting in settings.values():
        chosen = ablate.options(setting, 0, tmp_path)
        pictures = chosen.epochs * (1 if setting.get("without") == "drawn" else 2)
        assert pictures == 8, "as many steps in each"


@pytest.mark.parametrize("part", ["transformer", "colour"])
def test_a_part_is_left_out_meanwhile(part):
    from roadsigns import networks
    from roadsigns.networks import answers

    x = np.random.default_rng(0).random((2, 32, 32, 3)).astype(np.float32)
    grey = np.repeat(x.mean(axis=3, keepdims=True), 3, axis=3)
    whole = networks.build("tiny", 0)
    with ablate.without(part):
        less = networks.build("tiny", 0)
        said = answers.scores(less, x)
        same = np.allclose(said, answers.scores(less, grey), atol=1e-5)
    assert same == (part == "colour")
    assert (less.count_params() < whole.count_params()) == (part == "transformer")
    assert networks.build("tiny", 0).count_params() == whole.count_params(), "whole again"
    assert not np.allclose(answers.scores(whole, x), answers.scores(whole, grey), atol=1e-5)


def test_without_drawn_signs_the_real_ones_alone_are_trained_on(tmp_path, monkeypatch):
    whole = Mixed(tmp_path)
    real = type("Real", (data.Dataset,), {"kind": "real", "split": lambda self, name: whole.real})("real", tmp_path)
    monkeypatch.setattr(Mixed, "parts", [real])
    seen = []
    monkeypatch.setattr(ablate, "train", lambda chosen, dataset: seen.append(len(dataset.train)) or FIGURES)
    settings = {"both": {}, "real": {"without": "drawn"}}
    ablate.ablate(settings, whole, tmp_path / "ablation.json", seeds=[0], count=2, only=[0])
    assert seen == [64, 60]


def test_trainings_are_written_one_by_one_and_not_done_twice(tmp_path, monkeypatch):
    done = []

    def train(chosen, dataset):
        done.append((chosen.augment, chosen.seed, len(dataset.valid)))
        return {"accuracy": 0.9 + chosen.augment / 100, "loss": 0.1, "mean_of_seven": 0.8, "train_minutes": 1.0}

    monkeypatch.setattr(ablate, "train", train)
    result = tmp_path / "ablation.json"
    ablate.ablate(SETTINGS, Mixed(tmp_path), result, seeds=[0], count=2)
    assert done == [(1.0, 0, 60), (1.0, 0, 60), (0.0, 0, 60), (0.0, 0, 60)]
    told = ablate.ablate(SETTINGS, Mixed(tmp_path), result, seeds=[0, 1], count=2, only=[1])
    assert [each[:2] for each in done[4:]] == [(1.0, 1), (0.0, 1)]
    assert json.loads(result.read_text()) == told and len(told["rows"]) == 6
    first, plain = told["table"]
    assert first["accuracy"]["mean"] == pytest.approx(0.91) and first["trainings"] == 3
    assert plain["against_first"]["accuracy"]["mean"] == pytest.approx(-0.01)
    assert "plain (3)" in ablate.shown(told["table"]) and "-1.000" in ablate.shown(told["table"])


def test_differences_are_taken_in_pairs():
    """The second fold is harder by a tenth for both: no part of what differs between the settings."""
    rows = [
        {"name": name, "fold": fold, "seed": 0, "accuracy": accuracy, "loss": 0.0, "mean_of_seven": 0.0}
        for name, fold, accuracy in [("a", 0, 0.9), ("a", 1, 0.8), ("b", 0, 0.92), ("b", 1, 0.82), ("c", 5, 1.0)]
    ]
    a, b, c = ablate.means(rows)
    assert b["against_first"]["accuracy"]["mean"] == pytest.approx(0.02)
    assert b["against_first"]["accuracy"]["deviation"] == pytest.approx(0, abs=1e-12)
    assert b["accuracy"]["deviation"] == pytest.approx(0.1 / 2**0.5)
    assert a["against_first"]["accuracy"]["mean"] == 0 and c["against_first"] is None


def test_a_setting_is_trained_and_judged(tmp_path):
    whole = Mixed(tmp_path)
    setting = {"network": "tiny", "epochs": 1, "redraw": False, "precision": "float32", "batch_size": 32}
    told = ablate.ablate({"short": setting}, whole, tmp_path / "ablation.json", seeds=[0], count=2, only=[0])
    [row] = told["rows"]
    assert 0 <= row["accuracy"] <= 1 and 0 <= row["mean_of_seven"] <= 1 and row["loss"] > 0
    assert row["changed"]["network"] == "tiny" and (row["fold"], row["seed"]) == (0, 0)


@pytest.mark.parametrize(
    ("settings", "more", "message"),
    [
        ({}, [], "holds no settings"),
        ({"a": 3}, [], "holds no settings"),
        ({"a": {}}, ["--folds", "3", "--only", "3"], "--only 3 is none of the 3 folds: expected 0 to 2"),
    ],
)
def test_bad_arguments(settings, more, message, tmp_path, capsys):
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    with pytest.raises(SystemExit):
        ablate.main([str(tmp_path / "settings.json"), "nowhere", str(tmp_path / "result.json"), *more])
    assert message in capsys.readouterr().err
