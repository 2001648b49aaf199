"""Weights to begin with: the body is theirs, the head too where the classes are, and what cannot be is refused."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import numpy as np
import pytest

from roadsigns import keras_file, models, networks, signs
from roadsigns.classes import Classes
from roadsigns.config import TrainOptions
from roadsigns.errors import ModelError, UsageError
from roadsigns.networks import answers
from roadsigns.train import start

FIVE = Classes(("a", "b", "c", "d", "e"))


def body(model: keras.Model) -> list[np.ndarray]:
    layers = [layer for layer in model.layers if layer.name not in ("scores", "no_sign")]
    return [np.asarray(weight) for layer in layers for weight in layer.weights]


def test_the_body_is_theirs_and_the_head_new() -> None:
    options = start.settled(TrainOptions(start="small", seed=3))
    assert options.network == "small"
    made, shipped = start.network(options, FIVE), keras_file.load(models.shipped("small"))
    assert len(body(made)) == len(body(shipped)) > 20
    for one, other in zip(body(made), body(shipped), strict=True):
        np.testing.assert_array_equal(one, other)
    assert answers.classes(made) == FIVE and made.output.shape == (None, 5)
    new = networks.build("small", 3, FIVE).get_layer("scores")
    np.testing.assert_array_equal(made.get_layer("scores").kernel, new.kernel)


def test_of_the_same_classes_the_head_is_theirs_too() -> None:
    shipped = keras_file.load(models.shipped("small"))
    made = start.network(TrainOptions(start="small", network="small"), signs.CLASSES)
    x = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    np.testing.assert_allclose(answers.scores(made, x), answers.scores(shipped, x), atol=1e-5)


def test_a_run_of_ones_own_will_do(tmp_path: Path) -> None:
    networks.build("tiny", 5, FIVE).save(tmp_path / "model.keras")
    options = start.settled(TrainOptions(start=str(tmp_path)))
    assert options.network == "tiny"
    assert answers.classes(start.network(options, FIVE)) == FIVE


def test_nothing_is_begun_with_where_nothing_is_asked_for() -> None:
    for options in (TrainOptions(), TrainOptions(recipe="own", start="nothing")):
        assert start.settled(options) == options


def test_what_cannot_be_begun_with_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").touch()
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)], name="mine").save(tmp_path / "mine.keras")
    (tmp_path / "cut.keras").write_bytes(b"PK\x03\x04")
    refused: dict[str, tuple[type[Exception], dict[str, str], str]] = {
        "an export": (UsageError, {"start": str(tmp_path)}, "is an exported version, which cannot be trained on"),
        "nowhere": (UsageError, {"start": "smal"}, "--start 'smal' is not there. Did you mean small?"),
        "of another": (ModelError, {"start": str(tmp_path / "mine.keras")}, "holds a network 'mine': expected one of"),
        "damaged": (ModelError, {"start": str(tmp_path / "cut.keras")}, "cannot be loaded as a Keras model"),
        "of another network": (
            UsageError,
            {"start": "small", "network": "tiny"},
            "--network tiny cannot begin with the weights of small, which --start small holds. Leave --network out",
        ),
    }
    for error, asked, message in refused.values():
        with pytest.raises(error, match=re.escape(message)):
            start.settled(TrainOptions(**asked))


def test_weights_of_other_layers_are_refused(tmp_path: Path) -> None:
    model = networks.build("tiny", 0, FIVE)
    keras.Model(model.input, model.output, name="small").save(tmp_path / "m.keras")
    options = start.settled(TrainOptions(start=str(tmp_path / "m.keras")))
    with pytest.raises(ModelError, match=r"lacks the layer .* of the network small, or has another"):
        start.network(options, FIVE)
