"""The class list in a network: kept in its file, given anew, and never of another length."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from roadsigns import keras_file, networks
from roadsigns.classes import Classes
from roadsigns.networks import answers
from roadsigns.networks.class_list import ClassList

OWN = Classes(("Älggefahr, groß", "Gate 🚪"), mirrored=(0, None))


def test_the_list_travels_in_the_file(tmp_path: Path) -> None:
    model = networks.build("tiny", 0, OWN)
    model.save(tmp_path / "m.keras")
    loaded = keras_file.load(tmp_path / "m.keras")
    assert answers.classes(loaded) == OWN
    x = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    np.testing.assert_allclose(answers.scores(loaded, x), answers.scores(model, x), atol=1e-6)
    assert loaded.count_params() == model.count_params()


def test_a_list_takes_the_place_of_another(tmp_path: Path) -> None:
    model = answers.with_classes(networks.build("tiny", 0, OWN), Classes(("a", "b")))
    model.save(tmp_path / "m.keras")
    assert answers.classes(keras_file.load(tmp_path / "m.keras")).names == ("a", "b")


def test_a_list_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="A list of 2 classes does not name 3 scores"):
        ClassList(OWN.as_csv())(keras.Input((3,)))
