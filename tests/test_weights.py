"""The weights that come with the package, and the card that says what they are."""

import json

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw

from pictures import draw_signs
from roadsigns import classifier, data, keras_file, models, predict, scores

CARD = json.loads(models.shipped().with_suffix(".json").read_text())


def test_weights_are_the_notebooks_network_and_small():
    assert models.shipped().stat().st_size <= 2_500_000
    model = keras_file.load(models.shipped())
    assert (model.name, model.count_params()) == ("notebook", 570_763)
    assert not model.compiled
    assert all(keras.ops.all(keras.ops.isfinite(value)) for value in model.get_weights())


@pytest.mark.parametrize("name", models.NAMES)
def test_the_onnx_file_says_what_the_weights_say(name):
    """`python fixtures/make_onnx.py` makes it anew."""
    images, _ = draw_signs(43, seed=8)
    by_keras = classifier._by_keras(models.find(name))
    by_onnx = classifier.load(name)
    assert models.find(name).onnx.stat().st_size <= models.shipped(name).stat().st_size
    np.testing.assert_allclose(by_onnx.classify_pixels(images), by_keras.classify_pixels(images), atol=1e-5)


def test_card_states_data_recipe_seed_machine_figures():
    assert {"command", "commit", "date", "machine", "versions", "seeds", "epochs", "best_epoch"} <= set(CARD)
    assert CARD["data"]["pictures"] == {"train": 34_799, "valid": 4_410, "test": 12_630}
    assert CARD["trained_on"] == "gtsrb"


@pytest.mark.gtsrb
@pytest.mark.parametrize(("split", "figure"), [("valid", "validation_accuracy"), ("test", "test_accuracy")])
def test_weights_reach_the_figures_of_their_card(gtsrb_archive, split, figure):
    pictures = data.load(str(gtsrb_archive)).split(split)
    figures = scores.score(classifier.load(models.shipped()).classify_pixels(pictures.images), pictures.labels)
    assert figures.accuracy == pytest.approx(CARD[figure], abs=2 / figures.pictures)  # a tie may fall otherwise


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
