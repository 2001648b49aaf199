"""ONNX and LiteRT files, read back by the runtimes that people have, beside the network itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter

from oracles import oracle_preprocess
from pictures import draw_signs
from roadsigns import formats, keras_file, models
from roadsigns.networks import answers, folding

IMAGES, LABELS = draw_signs(20, seed=4)
Run = Callable[[Any], Any]


@pytest.fixture(scope="module", params=["small", "notebook"])
def model(request: pytest.FixtureRequest) -> keras.Model:
    return keras_file.load(models.shipped(request.param))


def expected(model: keras.Model, images: Any) -> Any:
    """By Keras, on pictures prepared by OpenCV and scikit-image."""
    grey = answers.channels(model) == 1
    return answers.probabilities(model, oracle_preprocess(images) if grey else images.astype(np.float32) / 255)


def by_onnx_runtime(file: Path) -> Run:
    session = onnxruntime.InferenceSession(str(file))
    assert [(each.name, each.type, each.shape[1:]) for each in session.get_inputs()] == [
        ("images", "tensor(uint8)", [32, 32, 3])
    ]
    return lambda images: session.run(["probabilities"], {"images": images})[0]


def by_litert(file: Path) -> Run:
    """The plain interpreter, which is a package of its own and knows no operation of TensorFlow's."""
    runner = Interpreter(model_path=str(file)).get_signature_runner()
    assert runner.get_input_details()["images"]["dtype"] is np.uint8
    return lambda images: runner(images=images)["probabilities"]


READERS = {"onnx": by_onnx_runtime, "litert": by_litert}


@pytest.fixture(scope="module", params=READERS)
def file(request: pytest.FixtureRequest, model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    form = request.param
    file = tmp_path_factory.mktemp("formats") / f"model{formats.ENDINGS[form]}"
    formats.write(folding.folded(model), form, file)
    return file


def reader(file: Path) -> Run:
    return next(READERS[form] for form, ending in formats.ENDINGS.items() if ending == file.suffix)(file)


@pytest.mark.parametrize("count", [1, 2, 20])
def test_a_file_answers_as_the_network(file: Path, model: keras.Model, count: int) -> None:
    found = reader(file)(IMAGES[:count])
    np.testing.assert_allclose(found, expected(model, IMAGES[:count]), atol=1e-5)
    assert found.dtype == np.float32 and found.shape == (count, 43)


def test_a_file_is_read_back(file: Path) -> None:
    np.testing.assert_allclose(formats.read(file)(IMAGES), reader(file)(IMAGES), atol=1e-6)


def test_eight_bits_are_smaller_and_nearly_as_right(model: keras.Model, tmp_path: Path) -> None:
    plain, small = tmp_path / "plain.tflite", tmp_path / "small.tflite"
    formats.write(folding.folded(model), "litert", plain)
    formats.write(folding.folded(model), "litert", small, int8=True)
    assert small.stat().st_size < plain.stat().st_size / 2
    found, want = by_litert(small)(IMAGES), expected(model, IMAGES)
    assert (found.argmax(axis=1) == want.argmax(axis=1)).mean() > 0.9
    assert np.abs(found - want).max() > 1e-4  # else nothing was rounded
