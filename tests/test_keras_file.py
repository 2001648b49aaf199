"""`.keras` files of strangers: handled rightly, or refused in one line."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from roadsigns import export, keras_file, networks, predict, signs
from roadsigns.errors import ModelError
from roadsigns.networks import answers

OURS = networks.build("notebook", 1)
X, KEEP, KEEP_CONV = (OURS.input[name] for name in ("x", "keep_prob", "keep_prob_conv"))
PICTURE = str(Path(__file__).parent.parent / "fixtures" / "pictures" / "design-14.jpg")


def sequential() -> keras.Model:
    model = keras.Sequential([OURS])
    model({name: np.ones((1, *tensor.shape[1:]), np.float32) for name, tensor in OURS.input.items()})
    return model


GOOD: dict[str, Callable[[], keras.Model]] = {
    "a list of inputs in another order": lambda: keras.Model([KEEP_CONV, X, KEEP], OURS.output),
    "named inputs in another order": lambda: keras.Model(
        {"keep_prob_conv": KEEP_CONV, "x": X, "keep_prob": KEEP}, OURS.output
    ),
    "a Sequential around ours": sequential,
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD.keys())
def test_a_model_that_is_ours_at_heart_answers_as_ours(make: Callable[[], keras.Model], tmp_path: Path) -> None:
    make().save(tmp_path / "m.keras")
    x = np.random.default_rng(0).random((3, 32, 32, 1), np.float32)
    np.testing.assert_allclose(
        answers.probabilities(keras_file.load(tmp_path / "m.keras"), x), answers.probabilities(OURS, x), atol=1e-6
    )


def with_inputs(x: keras.KerasTensor) -> keras.Model:
    h = keras.layers.Dense(43)(keras.layers.Flatten()(x))
    return keras.Model({"x": x, "keep_prob": KEEP, "keep_prob_conv": KEEP_CONV}, h)


BAD: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "softmax layer": (
        lambda: keras.Model(OURS.input, keras.layers.Softmax()(OURS.output)),
        "gives probabilities: expected raw scores",
    ),
    "softmax": (
        lambda: keras.Model(OURS.input, keras.layers.Activation("softmax")(OURS.output)),
        "Take the softmax off",
    ),
    "two outputs": (
        lambda: keras.Model(OURS.input, [OURS.output] * 2),
        "has another output: expected one score",
    ),
    "larger pictures": (lambda: with_inputs(keras.Input((48, 48, 3), name="x")), "Received: float32 (None, 48, 48, 3)"),
    "half precision": (
        lambda: keras.Model(OURS.input, keras.layers.Rescaling(1.0, dtype="float16")(OURS.output)),
        "gives float16: expected float32",
    ),
    "other inputs": (
        lambda: keras.Sequential([keras.Input((2,), name="height"), keras.layers.Dense(1)]),
        "expected the inputs x, keep_prob, keep_prob_conv. It has: height",
    ),
}


@pytest.mark.parametrize(("make", "message"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("verb", ["predict", "export"])
def test_another_model_is_refused_in_a_line(
    verb: str, make: Callable[[], keras.Model], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make().save(tmp_path / "m.keras")
    more = [PICTURE] if verb == "predict" else ["--output", str(tmp_path / "out")]
    main = predict.main if verb == "predict" else export.main
    assert main(["--model", str(tmp_path / "m.keras"), *more]) == 2
    error = capsys.readouterr().err
    assert "m.keras' " in error and message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_classes_without_names_have_numbers_and_never_german_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of nobody's classes, and one of 43 that another built."""
    networks.build("notebook", 1, 10).save(tmp_path / "ten.keras")
    with_inputs(keras.Input((32, 32, 3), name="x")).save(tmp_path / "other.keras")
    for name in ("ten", "other"):
        assert predict.main(["--model", str(tmp_path / f"{name}.keras"), PICTURE, "--json"]) == 0
        [told] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert all(guess["class_name"] == f"class {guess['class_id']}" for guess in told["best"])


def test_a_model_of_ours_from_before_class_lists_tells_german_signs() -> None:
    before = keras.Model(OURS.input, OURS.get_layer("scores").output)
    assert answers.classes(before) == signs.CLASSES


def packed(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"metadata.json": b"{}", "config.json": b"{}", **parts}.items():
            archive.writestr(name, data)
    return path


def weights_that_claim(size: int) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as weights:
        weights.create_dataset("kernel", (size,), "f4", chunks=(2**16,), compression="gzip")
    return file.getvalue()


BOMBS: dict[str, tuple[dict[str, bytes], str]] = {
    "zip": ({"x": bytes(2**29)}, "its parts say that they unpack to 536,870,9"),
    "config": ({"config.json": bytes(2**25)}, "its config.json says that it unpacks to 33,554,432 bytes"),
    "weights": ({"model.weights.h5": weights_that_claim(2**33)}, "its weights say that they take 34,359,738,368 bytes"),
    "layer": (
        {"config.json": json.dumps({"layers": [{"config": {"units": 10**9}}]}).encode()},
        "a layer of it has 1,000,000,000 units",
    ),
}


@pytest.mark.parametrize(("parts", "claim"), BOMBS.values(), ids=BOMBS.keys())
def test_a_file_that_claims_a_mountain_is_refused_before_keras_opens_it(
    parts: dict[str, bytes], claim: str, tmp_path: Path
) -> None:
    path = packed(tmp_path / "m.keras", **parts)
    assert path.stat().st_size < 5_000_000
    with pytest.raises(ModelError, match=re.escape(f"m.keras' is refused: {claim}")):
        keras_file.load(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 cut"])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes(content)
    with pytest.raises(ModelError, match=re.escape("m.keras' cannot be loaded as a Keras model: ")):
        keras_file.load(tmp_path / "m.keras")
