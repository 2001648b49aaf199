"""Models not of our making: taken where they can be, else refused in a line before anything is written."""

import keras
import numpy as np
import pytest

from roadsigns import export, keras_file
from roadsigns.errors import ModelError
from roadsigns.networks import answers, form, notebook


def inputs(channels=1, size=32):
    return {
        "x": keras.Input((size, size, channels), name="x"),
        "keep_prob": keras.Input((), name="keep_prob"),
        "keep_prob_conv": keras.Input((), name="keep_prob_conv"),
    }


def model(given=None, classes=43, flat=True, **options):
    given = given or inputs()
    x = keras.layers.Flatten()(given["x"]) if flat else given["x"]
    return keras.Model(given, keras.layers.Dense(classes, **options)(x))


def two_outputs():
    given = inputs()
    y = keras.layers.Dense(43)(keras.layers.Flatten()(given["x"]))
    return keras.Model(given, {"y": y, "z": y})


OTHERS = {
    "few classes": (lambda: model(classes=1), "tells 1 classes apart: expected 2 to 10,000"),
    "many classes": (lambda: model(classes=10_001), "tells 10001 classes apart"),
    "probabilities": (lambda: model(activation="softmax"), "gives probabilities: expected raw scores"),
    "float16": (lambda: model(dtype="float16"), "gives float16: expected float32"),
    "pictures out": (lambda: model(flat=False), r"Received: \(None, 32, 32, 43\)"),
    "two outputs": (two_outputs, "expected one score a class, .*Received: dict"),
    "two channels": (lambda: model(inputs(channels=2)), r"has another x: .*Received: float32 \(None, 32, 32, 2\)"),
    "larger pictures": (lambda: model(inputs(size=64)), r"Received: float32 \(None, 64, 64, 1\)"),
    "wrapped": (lambda: keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten()]), "expected the inputs x,"),
}


@pytest.mark.parametrize(("make", "message"), OTHERS.values(), ids=OTHERS.keys())
def test_another_model_is_refused_by_every_verb(tmp_path, make, message):
    made = make()
    with pytest.raises(ModelError, match=message):
        export.export(made, tmp_path / "models")
    assert not (tmp_path / "models").exists()
    made.save(tmp_path / "m.keras")
    with pytest.raises(ModelError, match=message):
        keras_file.load(tmp_path / "m.keras")


@pytest.mark.parametrize("order", [("x", "keep_prob", "keep_prob_conv"), ("keep_prob_conv", "x", "keep_prob")])
def test_inputs_in_a_list_are_taken_by_their_names(tmp_path, order):
    ours = notebook.network(seed=3)
    listed = keras.Model([ours.input[name] for name in order], ours.output)
    listed.save(tmp_path / "m.keras")
    x = np.random.default_rng(0).random((2, 32, 32, 1), np.float32)
    loaded = keras_file.load(tmp_path / "m.keras")
    np.testing.assert_allclose(answers.probabilities(loaded, x), answers.probabilities(ours, x), atol=1e-6)


def test_ours_are_taken_as_they_are():
    ours = notebook.network(seed=3)
    assert form.checked(ours, "m") is ours
