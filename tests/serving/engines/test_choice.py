"""Which engine a version gets, and why: asked of real exports, changed in one place."""

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from roadsigns import agreement, exported
from roadsigns.errors import ModelError
from roadsigns.serving.engines import choice
from roadsigns.serving.engines.onnx_engine import OnnxEngine
from roadsigns.serving.engines.tensorflow_engine import TensorFlowEngine

X = np.random.default_rng(0).uniform(0, 1, (2, 32, 32, 1)).astype(np.float32)


@pytest.fixture
def copy(folder, tmp_path):
    return Path(shutil.copytree(folder, tmp_path / "1"))


def chosen(path, kind="auto"):
    made = choice.load(path, kind)
    try:
        return type(made._engine)
    finally:
        made.close()


def test_an_export_whose_files_agree_runs_on_onnx_runtime(copy):
    assert agreement.doubt(copy) == ""
    assert chosen(copy) is OnnxEngine


def test_tensorflow_runs_it_if_asked(copy):
    assert chosen(copy, "tensorflow") is TensorFlowEngine


@pytest.mark.parametrize("name", [exported.ONNX, exported.DROPPING, exported.AGREEMENT])
def test_without_one_of_the_files_tensorflow_runs_it_and_the_log_says_why(copy, name, caplog):
    caplog.set_level(logging.INFO, "roadsigns")
    (copy / name).unlink()
    assert chosen(copy) is TensorFlowEngine
    assert f"{str(copy)!r} runs on TensorFlow: " in caplog.text
    assert str(name) in caplog.text


def test_the_weights_of_another_model_are_not_answered_by_the_first_ones_file(copy, tmp_path, folder):
    """As where somebody copies a graph over another: the ONNX file is whole, and not its own."""
    with (copy / "saved_model.pb").open("ab") as file:
        file.write(b"\x52\x00")  # an unknown field
    assert chosen(copy) is TensorFlowEngine


def test_onnx_runtime_that_is_asked_for_is_taken_without_the_note(copy):
    (copy / exported.AGREEMENT).unlink()
    made = choice.load(copy, "onnxruntime")
    assert type(made._engine) is OnnxEngine
    assert made.short == {"predict_images", "predict_pixels"}
    made.close()


def test_without_onnx_runtime_tensorflow_runs_it(copy, monkeypatch):
    find = choice.importlib.util.find_spec
    monkeypatch.setattr(choice.importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else find(name))
    assert chosen(copy) is TensorFlowEngine
    with pytest.raises(ModelError, match="needs ONNX Runtime, which is not installed"):
        choice.load(copy, "onnxruntime")


ALL = """
import sys
from pathlib import Path
import numpy as np
from roadsigns.errors import RequestError
from roadsigns.serving.models import warmup
from roadsigns.serving.models.servable import Servable

servable = Servable("m", 1, Path(sys.argv[1]))
assert warmup.warm_up(servable) == 3
x = np.zeros((1, 32, 32, 1), np.float32)
half, one = np.float32(0.5), np.float32(1)
many = servable.run("", {"x": x, "keep_prob": np.full(20, half), "keep_prob_conv": one})["y"]
assert many.shape == (20, 43) and len(np.unique(many, axis=0)) == 20
none = servable.run("", {"x": x[:0], "keep_prob": half, "keep_prob_conv": one})["y"]
assert none.shape == (0, 43)
for name, images in (("bad", 0), ("nan", np.nan), ("two", [1, 1, 1])):
    try:
        servable.run("", {"x": np.tile(x, (2, 1, 1, 1)), "keep_prob": np.float32(images), "keep_prob_conv": one})
    except RequestError as error:
        assert "keep_prob" in str(error)
    else:
        raise AssertionError(name)
empty = servable.run("predict_images", {"image_bytes": np.empty(0, object)})
assert empty["probabilities"].shape == (0, 43) and empty["class_ids"].shape == (0, 5)
servable.close()
print(sorted({"tensorflow", "keras", "jax"} & set(sys.modules)))
"""


def test_nothing_that_a_client_can_ask_loads_tensorflow(folder):
    done = subprocess.run([sys.executable, "-c", ALL, folder], capture_output=True, text=True, env=os.environ)
    assert done.stdout == "[]\n", done.stderr


def test_units_drop_as_often_as_the_graph_drops_them(folder):
    """Both are asked for 4,000 answers to one picture: their means, and those of their roots, are alike."""
    means, deviations = [], []
    for kind in ("tensorflow", "onnxruntime"):
        engine = choice.load(folder, kind)
        keeps = {"keep_prob": np.full(4000, 0.6, np.float32), "keep_prob_conv": np.full(1, 0.8, np.float32)}
        y = engine.run("serving_default", {"x": X[:1], **keeps})["y"]
        engine.close()
        assert len(np.unique(y, axis=0)) == 4000
        both = np.concatenate([y, np.sqrt(y)], axis=1)  # rare answers far out have less of a say in a root
        means.append(both.mean(axis=0))
        deviations.append(both.std(axis=0))
    error = np.sqrt((deviations[0] ** 2 + deviations[1] ** 2) / 4000)
    assert (np.abs(means[0] - means[1]) < 5 * error + 1e-6).all()
    assert error.max() < 0.02, "close enough to tell the two apart"
