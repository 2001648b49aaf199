"""`roadsigns evaluate`: figures that can be counted again, and models of other classes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from roadsigns import classifier, data, evaluate, exported

DATA = str(Path(__file__).parent.parent / "fixtures" / "drawn-signs.zip")


def test_evaluate_counts_each_picture_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(["--model", "notebook", "--data", DATA, "--json"]) == 0
    output = capsys.readouterr()
    assert output.err == "model: notebook, the weights that come with the package\n"
    told = json.loads(output.out)
    split = data.load(DATA).split("test")
    guesses = [found.class_id for found in classifier.load("notebook").predict(split.images)]
    assert told["model"] == "notebook" and told["pictures"] == len(split.labels) == np.sum(told["confusion"])
    assert told["accuracy"] == pytest.approx(np.mean(np.array(guesses) == split.labels))


def test_a_model_of_other_classes_is_not_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def answer(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": tf.ones([tf.shape(images)[0], 3]) / 3}

    module = tf.Module()
    module.call = tf.function(answer, input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, "images")])
    tf.saved_model.save(module, str(tmp_path), signatures={"predict_pixels": module.call.get_concrete_function()})
    (tmp_path / exported.CLASS_NAMES).write_text("ClassId,SignName\n0,Give way\n1,Stop\n2,No entry\n")
    assert evaluate.main(["--model", str(tmp_path), "--data", DATA]) == 2
    error = capsys.readouterr().err
    assert "tells 3 classes apart, from 'Give way', and the pictures show 43, from 'Speed limit (20km/h)'" in error
