"""What every network of the table must hold to, so that training, export and serving take it as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import roadsigns
from pictures import draw_signs
from roadsigns import export, exported, networks, preprocess
from roadsigns.networks import answers
from roadsigns.networks.layers import KeepProbDropout
from roadsigns.networks.table import TABLE

IMAGES, LABELS = draw_signs(12, seed=3)


@pytest.fixture(scope="module", params=TABLE)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(name: str) -> keras.Model:
    """The network as a few steps of training leave it: its weights, and what it keeps of batches, are no longer new."""
    made = networks.build(name, 0)
    made.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    for _ in range(3):
        made.train_on_batch(answers.feed(seen(made), 0.9, 0.9), LABELS)
    return made


def seen(model: keras.Model) -> Any:
    return preprocess.preprocess(IMAGES, answers.channels(model))


def test_signature(model: keras.Model, name: str) -> None:
    assert {each: (given.dtype, given.shape) for each, given in model.input.items()} == {
        "x": ("float32", (None, 32, 32, TABLE[name].channels)),
        "keep_prob": ("float32", (None,)),
        "keep_prob_conv": ("float32", (None,)),
    }
    assert (model.output.dtype, model.output.shape, model.name) == ("float32", (None, 43), name)


def test_seed_determines_the_weights(name: str) -> None:
    def kernels(seed: int | None) -> list[bytes]:
        weights = networks.build(name, seed).trainable_weights
        # The last map of a spatial transformer begins as the identity.
        return [weight.numpy().tobytes() for weight in weights if weight.name == "kernel" and weight.numpy().any()]

    assert kernels(5) == kernels(5)
    assert not set(kernels(5)) & set(kernels(6)) and not set(kernels(None)) & set(kernels(None))
    assert len(set(kernels(5))) == len(kernels(5))


def test_keep_1_is_exact_and_below_units_drop(model: keras.Model) -> None:
    x = seen(model)
    np.testing.assert_array_equal(answers.probabilities(model, x), answers.probabilities(model, x))
    for keeps in ({"keep_prob": 0.5}, {"keep_prob_conv": 0.5}):
        first, second = (answers.probabilities(model, x, **keeps) for _ in range(2))
        assert not np.array_equal(first, second)


def test_reseed_determines_what_drops(model: keras.Model) -> None:
    def said(*key: int) -> bytes:
        answers.reseed(model, *key)
        return answers.probabilities(model, seen(model), 0.5, 0.5).tobytes()

    assert said(1, 2) == said(1, 2) != said(1, 3)


def test_layers_that_drop_units_have_names_of_their_own(model: keras.Model, name: str) -> None:
    """What drops depends on the names; those that Keras counts up in a process would differ in a resumed run."""
    layers = [layer for layer in networks.build(name, 0).layers if isinstance(layer, KeepProbDropout)]
    assert layers and all(model.get_layer(layer.name) for layer in layers)


def test_a_picture_does_not_depend_on_its_neighbours(model: keras.Model) -> None:
    x = seen(model)
    one_by_one = [answers.probabilities(model, x[i : i + 1]) for i in range(len(x))]
    np.testing.assert_allclose(answers.probabilities(model, x), np.concatenate(one_by_one), atol=1e-5)


def test_classes_are_as_many_as_asked_for(name: str) -> None:
    assert networks.build(name, 0, classes=5).output.shape == (None, 5)


def test_multiply_adds_are_those_of_tensorflows_profiler(model: keras.Model) -> None:
    """Of what the profiler counts (two operations each), only products of matrices and convolutions are compared."""
    spec = {each: tf.TensorSpec((1, *given.shape[1:])) for each, given in model.input.items()}
    function = tf.function(lambda fed: model(fed, training=False)).get_concrete_function(spec)
    graph = function.graph
    counted = 0
    for node in graph.get_operations():
        if node.type in ("Conv2D", "MatMul", "DepthwiseConv2dNative"):
            counted += _operations(graph, node)
    assert answers.multiply_adds(model) == counted // 2


def _operations(graph: Any, node: Any) -> int:
    from tensorflow.python.framework import ops

    return int(ops.get_stats_for_node_def(graph, node.node_def, "flops").value)


def test_export_round_trip_at_two_batch_sizes(model: keras.Model, tmp_path: Path) -> None:
    folder = export.export(model, tmp_path)
    served = tf.saved_model.load(str(folder)).signatures
    for count in (1, 12):
        x = seen(model)[:count]
        said = served["serving_default"](x=x, keep_prob=np.float32(1), keep_prob_conv=np.ones(1, np.float32))["y"]
        np.testing.assert_allclose(said, answers.probabilities(model, x), atol=1e-5)
        named = served["predict_pixels"](images=IMAGES[:count])
        np.testing.assert_allclose(named["probabilities"], answers.probabilities(model, x), atol=1e-5)
    several = served["serving_default"](x=x[:1], keep_prob=[0.5] * 4, keep_prob_conv=np.float32(1))["y"]
    assert several.shape == (4, 43) and len({row.numpy().tobytes() for row in several}) == 4


def test_onnx_runtime_agrees(model: keras.Model, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    folder = export.export(model, tmp_path)
    session = onnxruntime.InferenceSession(str(folder / exported.ONNX))
    for count in (1, 12):
        x = seen(model)[:count]
        [said] = session.run(["y"], {"x": x})
        np.testing.assert_allclose(said, answers.probabilities(model, x), atol=1e-5)


def test_jax_agrees(model: keras.Model, tmp_path: Path) -> None:
    pytest.importorskip("jax")
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", seen(model))
    script = (
        "import numpy as np; from roadsigns import backend, keras_file; from roadsigns.networks import answers; "
        "from pathlib import Path; model = keras_file.load(Path('model.keras')); "
        "np.save('said.npy', answers.probabilities(model, np.load('x.npy'))); print(backend.start())"
    )
    environ = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(Path(roadsigns.__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.stdout.strip() == "jax", done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "said.npy"), answers.probabilities(model, seen(model)), atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"image_data_format": "channels_first"},
        {"floatx": "float16"},
        {"floatx": "float64"},
        {"dtype_policy": "mixed_bfloat16"},
        {"dtype_policy": "mixed_float16"},
    ],
    ids=str,
)
def test_a_persons_keras_settings_have_no_part_in_it(name: str, settings: dict[str, str], tmp_path: Path) -> None:
    """Built, trained for a step, saved and loaded as ever; the settings themselves are left as they are."""
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "tensorflow", **settings}))
    script = f"""
import keras, numpy as np
from roadsigns import networks
from roadsigns.config import TrainOptions
from roadsigns.data import Split
from roadsigns.train import epochs, run
policy = keras.config.dtype_policy().name
{f"policy = {settings['dtype_policy']!r}; keras.config.set_dtype_policy(policy)" if "dtype_policy" in settings else ""}
model = run.build(TrainOptions(network={name!r}), 8)
pictures = Split(np.full((8, 32, 32, 3), 99, np.uint8), np.arange(8))
loss, _ = epochs.train(model, epochs.Pictures(pictures, networks.TABLE[{name!r}].channels), TrainOptions(), 1)
assert 0 < loss < 100, loss
assert {{weight.dtype for weight in model.weights}} <= {{"float32", "int32", "uint32", "int64"}}
assert model.output.dtype == "float32"
assert keras.config.dtype_policy().name == policy, policy
print(keras.config.image_data_format(), keras.config.floatx())
"""
    environ = {**os.environ, "KERAS_HOME": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = [settings.get("image_data_format", "channels_last"), settings.get("floatx", "float32")]
    assert done.stdout.split()[-2:] == expected
