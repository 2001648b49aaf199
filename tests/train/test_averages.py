"""The moving average of the weights, against the same sum done in NumPy, step by step."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from roadsigns import networks
from roadsigns.train.averages import AveragingAdam, load, taken

X = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
Y = X @ np.array([[1.0], [2.0], [3.0]], np.float32)


def model(momentum):
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    made.compile(AveragingAdam(0.1, momentum), "mse")
    return made


def steps(made, count):
    """The weights after each of `count` steps."""
    seen = []
    for _ in range(count):
        made.train_on_batch(X, Y)
        seen.append([np.array(weight) for weight in made.trainable_variables])
    return seen


@pytest.mark.parametrize(("momentum", "rates"), [(0.9, [1, 10 / 11, 10 / 12]), (0.1, [1, 10 / 11, 0.9])])
def test_average_follows_the_formula(momentum, rates):
    made = model(momentum)
    seen = steps(made, 3)
    for index, average in enumerate(made.optimizer.averages):
        expected = np.zeros_like(seen[0][index])
        for rate, weights in zip(rates, seen, strict=True):
            expected = expected + rate * (weights[index] - expected)
        np.testing.assert_allclose(average, expected, rtol=1e-6)


def test_short_training_forgets_its_start():
    """At a momentum of 0.999 the plain average of 300 steps would still be three quarters of the first weights."""
    made = model(0.999)
    kernels = np.stack([weights[0] for weights in steps(made, 300)])
    assert np.abs(kernels[0] - kernels[-1]).max() > 0.5
    np.testing.assert_allclose(made.optimizer.averages[0], kernels[-30:].mean(axis=0), atol=0.05)


def test_momentum_0_is_the_weight_itself_and_adams():
    made, plain = model(0.0), model(0.0)
    plain.compile(keras.optimizers.Adam(0.1), "mse")
    steps(made, 5), steps(plain, 5)
    for weight, average, adams in zip(
        made.trainable_variables, made.optimizer.averages, plain.trainable_variables, strict=True
    ):
        np.testing.assert_array_equal(weight, average)
        np.testing.assert_array_equal(weight, adams)


def test_averaging_does_not_change_the_training():
    one, other = model(0.0), model(0.999)
    np.testing.assert_array_equal(steps(one, 5)[-1][0], steps(other, 5)[-1][0])


def test_taken_puts_the_weights_back_even_after_an_error():
    made = model(0.9)
    own = steps(made, 5)[-1][0]
    with pytest.raises(KeyError), taken(made):
        np.testing.assert_array_equal(made.trainable_variables[0], made.optimizer.averages[0])
        assert not np.array_equal(made.trainable_variables[0], own)
        raise KeyError
    np.testing.assert_array_equal(made.trainable_variables[0], own)


def test_averages_travel_in_the_keras_file(tmp_path):
    made = model(0.9)
    steps(made, 5)
    made.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert again.optimizer.average_momentum == 0.9
    np.testing.assert_array_equal(steps(again, 3)[-1][0], steps(made, 3)[-1][0])
    again.save(tmp_path / "m.keras")
    loaded = load(tmp_path / "m.keras")
    assert not loaded.compiled
    np.testing.assert_array_equal(loaded.trainable_variables[0], made.optimizer.averages[0])


def test_a_file_without_the_averages_is_refused(tmp_path):
    made = model(0.9)
    made.compile("adam", "mse")
    steps(made, 1)
    made.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="It lacks the optimizer's state"):
        load(tmp_path / "m.keras")


def test_a_run_of_any_network_is_restored_by_this_module_alone(tmp_path):
    """Keras finds the layers of a file by their registration, which is done where they are imported."""
    script = (
        "import sys; from pathlib import Path; from roadsigns import backend; backend.start(); "
        "from roadsigns.train import averages; assert 'roadsigns.networks.blocks' not in sys.modules; "
        "averages.restore(Path(sys.argv[1]))"
    )
    made = networks.build("small", 0)
    made.compile(AveragingAdam(0.1), "mse")
    made.optimizer.build(made.trainable_variables)
    made.save(tmp_path / "model.keras")
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "model.keras")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
