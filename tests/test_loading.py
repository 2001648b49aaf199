"""Models that are loaded: exports of others, with and without what an export brings along, and damaged ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from roadsigns import exported, loading, models, no_sign
from roadsigns.errors import ModelError

PICTURES = np.zeros((2, 32, 32, 3), np.uint8)
NAMES = "ClassId,SignName\n0,Give way\n1,Stop\n2,No entry\n"


def load(path: Path) -> loading.Loaded:
    return loading.load(models.find(path))


def saved(folder: Path, names: str | None) -> Path:
    """A SavedModel of another's that tells three classes apart, and is sure of the second."""
    module = tf.Module()
    module.call = tf.function(
        lambda images: {"probabilities": tf.one_hot(tf.ones(tf.shape(images)[0], tf.int32), 3)},
        input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, "images")],
    )
    tf.saved_model.save(module, str(folder), signatures={"predict_pixels": module.call.get_concrete_function()})
    if names is not None:
        (folder / exported.CLASS_NAMES).parent.mkdir(exist_ok=True)
        (folder / exported.CLASS_NAMES).write_text(names)
    return folder


def test_an_export_without_an_onnx_file_runs_on_tensorflow(tmp_path: Path) -> None:
    assert load(saved(tmp_path, NAMES)).run(PICTURES).tolist() == [[0, 1, 0]] * 2


def test_an_export_of_other_classes_has_its_own_names_or_numbers(tmp_path: Path) -> None:
    folder = saved(tmp_path, NAMES)
    assert load(folder).names == ("Give way", "Stop", "No entry")
    (folder / exported.CLASS_NAMES).write_text("ClassId,SignName\n0,Give way\n")
    with pytest.raises(ModelError, match=r"tells 3 classes apart, and its list has 1 names: its answers cannot be"):
        load(folder)
    (folder / exported.CLASS_NAMES).unlink()
    assert load(folder).names == ("class 0", "class 1", "class 2")


def test_a_rule_that_an_export_brings_along_tells_pictures_without_a_sign(tmp_path: Path) -> None:
    """This rule sees its bias alone, so that every chance is sigmoid(5)."""
    folder = saved(tmp_path, NAMES)
    assert load(folder).rule is None
    (folder / exported.NO_SIGN).parent.mkdir(exist_ok=True)
    (folder / exported.NO_SIGN).write_text(no_sign.Rule(np.zeros(3), np.zeros(3), -5.0).as_json())
    found: Any = load(folder).rule
    assert found.share(np.eye(3, dtype=np.float32)) == pytest.approx(1 / (1 + np.exp(-5)))
    (folder / exported.NO_SIGN).write_text("{}")
    with pytest.raises(ModelError, match=r"no_sign\.json' is damaged: .*Export the model again"):
        load(folder)


def test_a_saved_model_without_our_signature_is_told_what_it_has(tmp_path: Path) -> None:
    tf.saved_model.save(tf.Module(), str(tmp_path))
    with pytest.raises(ModelError, match=r"is no export of ours: expected the signature predict_pixels\. It has: none"):
        load(tmp_path)


def test_a_damaged_onnx_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "saved_model.pb").touch()
    (tmp_path / exported.ONNX).write_bytes(b"hello")
    with pytest.raises(ModelError, match=r"roadsigns\.onnx' cannot be loaded: .*Export the model again"):
        load(tmp_path)
