"""The weights that come with the package, and the card that says what they are."""

import json

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw

from pictures import draw_signs
from roadsigns import classifier, data, keras_file, loading, models, networks, predict, scores
from roadsigns.data import synthetic
from roadsigns.train import doubts

MIXED = "gtsrb+synthetic"
CARDS = {name: json.loads(models.shipped(name).with_suffix(".json").read_text()) for name in models.NAMES}


def keras_classifier(name):
    model = models.find(name)
    return classifier.Classifier(model, *loading.by_keras(model))


def test_the_weights_are_few_and_of_small_by_default():
    assert set(CARDS) == {"notebook", "small"} and models.DEFAULT == "small"
    assert sum(file.stat().st_size for file in models.shipped().parent.iterdir()) <= 6 * 2**20


@pytest.mark.parametrize("name", CARDS)
def test_weights_are_a_network_of_the_table(name):
    model = keras_file.load(models.shipped(name))
    assert model.name == name
    assert networks.build(name).count_params() == CARDS[name]["parameters"]
    assert not model.compiled
    assert all(keras.ops.all(keras.ops.isfinite(value)) for value in model.get_weights())


@pytest.mark.parametrize("name", models.NAMES)
def test_the_onnx_file_says_what_the_weights_say(name):
    """`python benchmarks/ship_weights.py ARCHIVE NAME` makes it anew."""
    images, _ = draw_signs(43, seed=8)
    by_keras = keras_classifier(name)
    by_onnx = classifier.load(name)
    assert models.find(name).onnx.stat().st_size <= models.shipped(name).stat().st_size
    np.testing.assert_allclose(by_onnx.classify_pixels(images), by_keras.classify_pixels(images), atol=1e-5)


@pytest.mark.parametrize(("name", "pictures", "trained_on"), [("notebook", 69_599, MIXED), ("small", 69_599, MIXED)])
def test_card_states_data_recipe_seed_machine_figures(name, pictures, trained_on):
    card = CARDS[name]
    assert {"command", "commit", "date", "machine", "versions", "seeds", "epochs", "best_epoch"} <= set(card)
    assert card["data"]["pictures"] == {"train": pictures, "valid": 4_410, "test": 12_630}
    assert card["trained_on"] == trained_on


@pytest.mark.gtsrb
@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize(("split", "figure"), [("valid", "validation_accuracy"), ("test", "test_accuracy")])
def test_weights_reach_the_figures_of_their_card(gtsrb_archive, split, figure, name):
    pictures = data.load(str(gtsrb_archive)).split(split)
    figures = scores.score(classifier.load(models.shipped(name)).classify_pixels(pictures.images), pictures.labels)
    assert figures.accuracy == pytest.approx(CARDS[name][figure], abs=2 / figures.pictures)  # a tie may fall otherwise


@pytest.mark.parametrize("name", CARDS)
def test_weights_bring_a_rule_for_pictures_without_a_sign(name):
    """Of a seed that it was not fitted to."""
    model = keras_classifier(name)
    assert model.rule is not None
    for kind in doubts.KINDS:
        pictures = doubts.without_sign(kind, 100, seed=77)
        assert (model.rule.share(model.classify_pixels(pictures)) > 0.5).mean() >= 0.6, kind
    drawn, _ = synthetic.draw(86, seed=9)
    assert (model.rule.share(model.classify_pixels(drawn)) > 0.5).mean() <= 0.1


@pytest.mark.gtsrb
@pytest.mark.parametrize("name", CARDS)
def test_real_signs_are_not_doubted(gtsrb_archive, name):
    model = keras_classifier(name)
    images = data.load(str(gtsrb_archive)).valid.images
    assert (model.rule.share(model.classify_pixels(images)) > 0.5).mean() <= 0.02


def test_weights_know_a_drawn_stop_sign_and_a_yield_sign(tmp_path, capsys):
    """Pictures unlike any they have seen."""
    for name, sides, colour, rotation in (("stop", 8, (187, 30, 16), 22.5), ("yield", 3, (241, 240, 234), 180)):
        image = Image.new("RGB", (96, 96), (140, 160, 190))
        pen = ImageDraw.Draw(image)
        pen.regular_polygon((48, 48 if sides == 8 else 42, 42), sides, rotation=rotation, fill=(187, 30, 16))
        if name == "yield":
            pen.regular_polygon((48, 42, 24), 3, rotation=180, fill=colour)
        else:
            pen.text((48, 48), "STOP", fill="white", anchor="mm", font_size=30)
        image.save(tmp_path / f"{name}.png")
    assert predict.main(["--json", str(tmp_path / "stop.png"), str(tmp_path / "yield.png")]) == 0
    stop, give_way = map(json.loads, capsys.readouterr().out.splitlines())
    assert stop["best"][0]["class_name"] == "Stop"
    assert give_way["best"][0]["class_name"] == "Yield"
