"""What an exported version is made of, by a network of one layer whose answers NumPy gives too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from roadsigns import exported, graph
from roadsigns.classes import METADATA, Classes
from roadsigns.networks import answers
from roadsigns.networks.layers import KeepProbDropout

NAMES = ("Give way", "Stop", "No entry")
WEIGHTS = np.random.default_rng(0).normal(0, 0.1, (3072, 3)).astype(np.float32)
X = np.random.default_rng(1).random((4, 32, 32, 3), np.float32)


def network(weights: Any) -> keras.Model:
    inputs, keep, keep_conv = answers.signature(3)
    h = keras.layers.Flatten()(KeepProbDropout(1)([inputs["x"], keep_conv]))
    h = KeepProbDropout(2)([h, keep])
    scores = keras.layers.Dense(3, use_bias=False, name="scores")(h)
    model = keras.Model(inputs, scores, name="one_layer")
    model.set_weights([weights if tuple(each.shape) == weights.shape else each for each in model.get_weights()])
    return answers.with_classes(model, Classes(NAMES))


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return network(WEIGHTS)


@pytest.fixture(scope="module")
def functions(model: keras.Model) -> Iterator[dict[str, Any]]:
    module, made = graph.serving_module(model)
    yield made
    del module  # the functions live as long as it does


@pytest.fixture(scope="module")
def files(model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version's folder with the two ONNX files."""
    version = tmp_path_factory.mktemp("version")
    (version / exported.ONNX).parent.mkdir()
    graph.write_onnx(model, version / exported.ONNX)
    graph.write_dropping(model, version / exported.DROPPING)
    return version


def softmax(units: Any) -> Any:
    scores = np.exp(units.reshape(len(units), -1).astype(np.float64) @ WEIGHTS)
    return scores / scores.sum(axis=1, keepdims=True)


def session(file: Path) -> Any:
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def test_the_onnx_file_answers_at_keep_1_and_has_the_class_list(files: Path) -> None:
    found = session(files / exported.ONNX)
    assert [each.name for each in found.get_inputs()] == ["x"]
    np.testing.assert_allclose(found.run(["y"], {"x": X})[0], softmax(X), rtol=1e-4)
    table = found.get_modelmeta().custom_metadata_map[METADATA].splitlines()
    assert [line.split(",")[1] for line in table[1:]] == list(NAMES)


def test_the_dropping_file_drops_the_units_whose_numbers_are_not_below_the_share(files: Path) -> None:
    found = session(files / exported.DROPPING)
    shapes = {each.name: each.shape[1:] for each in found.get_inputs()}
    assert shapes == {
        "x": [32, 32, 3],
        "keep_prob": [],
        "keep_prob_conv": [],
        "noise_0": [32, 32, 3],
        "noise_1": [3072],
    }
    random = np.random.default_rng(2)
    noise = {name: random.random((4, *shapes[name]), np.float32) for name in ("noise_0", "noise_1")}
    keeps = {"keep_prob": np.full(4, 0.5, np.float32), "keep_prob_conv": np.array([1, 0.9, 0.5, 0.25], np.float32)}
    share = keeps["keep_prob_conv"].reshape(4, 1, 1, 1)
    kept = (np.where(noise["noise_0"] < share, X / share, 0)).reshape(4, -1)
    kept = np.where(noise["noise_1"] < 0.5, kept / 0.5, 0)
    np.testing.assert_allclose(found.run(["y"], {"x": X, **keeps, **noise})[0], softmax(kept), rtol=1e-3)


def test_the_functions_are_those_that_an_export_states(functions: dict[str, Any]) -> None:
    for name, tensors in exported.outputs(3).items():
        made = functions[name].structured_outputs
        assert {key: (each.dtype.name, [*each.shape]) for key, each in made.items()} == {
            key: (dtype, [None if size < 0 else size for size in shape or ()])
            for key, (dtype, shape) in tensors.items()
        }
    one = tf.constant(1.0)
    found = functions["serving_default"](x=tf.constant(X), keep_prob=one, keep_prob_conv=one)["y"]
    np.testing.assert_allclose(found, softmax(X), rtol=1e-4)


def test_the_difference_is_small_unless_the_files_are_of_other_weights(
    model: keras.Model, functions: dict[str, Any], files: Path
) -> None:
    assert graph.difference(functions, files, 3, None) < 1e-5
    own = model.get_weights()
    model.set_weights([-each if tuple(each.shape) == WEIGHTS.shape else each for each in own])
    try:
        assert graph.difference(functions, files, 3, None) > 0.1
    finally:
        model.set_weights(own)
