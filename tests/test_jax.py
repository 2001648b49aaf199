"""The JAX backend without TensorFlow, in a process of its own: Keras takes one backend a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import roadsigns
from roadsigns import networks
from roadsigns.networks import answers

X = np.random.default_rng(0).random((3, 32, 32, 1), np.float32)
SCRIPT = Path(__file__).with_name("jax_without_tensorflow.py")


@pytest.fixture(scope="module")
def ours() -> Any:
    """The same network on TensorFlow, biases set so that they count."""
    pytest.importorskip("jax")
    model = networks.build("notebook", seed=0)
    random = np.random.default_rng(1)
    model.set_weights([w if w.ndim > 1 else random.normal(0, 0.1, w.shape) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def run(ours: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the script found, and its arrays."""
    folder = tmp_path_factory.mktemp("jax")
    np.save(folder / "x.npy", X)
    np.savez(folder / "weights.npz", **{str(i): weight for i, weight in enumerate(ours.get_weights())})
    environ = {**os.environ, "PYTHONPATH": str(Path(roadsigns.__file__).parent.parent)}
    del environ["KERAS_BACKEND"]  # JAX is what is left
    done = subprocess.run([sys.executable, SCRIPT], cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "answers.npz") as arrays:
        return json.loads(done.stdout.splitlines()[-1]), dict(arrays)


def test_jax_is_taken_where_tensorflow_is_missing(run: Any) -> None:
    assert run[0]["backend"] == "jax"
    assert run[0]["tensorflow loaded"] == [] and not run[0]["torch loaded"]


def test_backends_agree_on_the_same_weights(ours: Any, run: Any) -> None:
    np.testing.assert_allclose(run[1]["exact"], answers.probabilities(ours, X), rtol=0, atol=1e-5)


def test_keep_1_is_exact_in_compiled_predict(run: Any) -> None:
    found, answers = run
    np.testing.assert_array_equal(answers["exact"], answers["again"])
    assert found["keep 1 passes every bit"] and found["one value an image"] and found["some drop"]
    np.testing.assert_allclose(answers["several"][0], answers["exact"][0], rtol=0, atol=1e-6)


def test_below_1_units_drop_anew_unless_reseeded(run: Any) -> None:
    answers = run[1]
    assert not np.array_equal(answers["dropped"], answers["dropped again"])
    assert not np.array_equal(answers["several"][1], answers["several"][2])
    np.testing.assert_array_equal(answers["reseeded"], answers["reseeded again"])


@pytest.mark.parametrize("where", ["feed", "eager"])
def test_invalid_keep_probabilities_are_refused(run: Any, where: str) -> None:
    for line in run[0][where]:
        assert line.startswith("ValueError: ")
        assert "Invalid value for `keep_prob`: expected numbers in (0, 1]. Received: " in line
    assert run[0]["eager good"] == "no error"


def test_training_lowers_the_loss(run: Any) -> None:
    losses = run[0]["losses"]
    assert len(losses) == 5 and losses[-1] < losses[0] / 2


def test_keras_file_gives_the_same_answers(run: Any) -> None:
    np.testing.assert_array_equal(run[1]["loaded"], run[1]["exact"])


def test_the_largest_seed_can_be_used(run: Any) -> None:
    assert run[0]["largest seed"] == "no error"
