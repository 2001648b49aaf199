"""Exported versions, read back with plain TensorFlow."""

import errno
import inspect
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import prediction_log_pb2

import roadsigns
from oracles import oracle_preprocess
from pictures import draw_signs
from roadsigns import export, exported, formats, models, networks, signs
from roadsigns.errors import ModelError, UsageError
from roadsigns.graph import write_warmup
from roadsigns.resize import resize

IMAGES, _ = draw_signs(5, seed=3)


@pytest.fixture(scope="module")
def model():
    return networks.build("notebook", seed=1)


@pytest.fixture(scope="module")
def output(model, tmp_path_factory):
    output = tmp_path_factory.mktemp("models") / "roadsigns"
    export.export(model, output)
    return output


@pytest.fixture(scope="module")
def served(output):
    return tf.saved_model.load(str(output / "1"))


def at_one(model, x):
    """The class probabilities, by Keras and a softmax in float64."""
    ones = np.ones(len(x), np.float32)
    scores = np.asarray(model({"x": x, "keep_prob": ones, "keep_prob_conv": ones}), np.float64)
    weights = np.exp(scores)
    return weights / weights.sum(axis=1, keepdims=True)


def test_export_has_the_stated_signatures(served):
    def described(specs):
        return {
            name: (spec.dtype.name, None if spec.shape.rank is None else spec.shape.as_list()) for name, spec in specs
        }

    found = {
        name: (
            described(function.structured_input_signature[1].items()),
            described(function.structured_outputs.items()),
        )
        for name, function in served.signatures.items()
    }
    named = {
        "probabilities": ("float32", [None, 43]),
        "class_ids": ("int64", [None, 5]),
        "class_names": ("string", [None, 5]),
        "scores": ("float32", [None, 5]),
    }
    assert found == {
        "serving_default": (
            {"x": ("float32", [None, 32, 32, 1]), "keep_prob": ("float32", None), "keep_prob_conv": ("float32", None)},
            {"y": ("float32", [None, 43])},
        ),
        "predict_images": ({"image_bytes": ("string", [None])}, named),
        "predict_pixels": ({"images": ("uint8", [None, None, None, 3])}, named),
    }


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("keep", [1.0, [1.0]])
def test_serving_default_equals_the_live_model(served, model, batch, keep):
    x = oracle_preprocess(IMAGES[:batch])
    y = served.signatures["serving_default"](x=x, keep_prob=tf.constant(keep), keep_prob_conv=tf.constant(keep))["y"]
    np.testing.assert_allclose(y, at_one(model, x), atol=1e-6)


def test_serving_default_takes_one_value_per_image(served, model):
    x = oracle_preprocess(IMAGES)
    keep = tf.constant([1.0, 0.5, 1.0, 0.5, 1.0])
    y = served.signatures["serving_default"](x=x, keep_prob=keep, keep_prob_conv=tf.constant(1.0))["y"].numpy()
    want = at_one(model, x)
    np.testing.assert_allclose(y[::2], want[::2], atol=1e-6)
    assert np.abs(y[1::2] - want[1::2]).max(axis=1).min() > 1e-4


def test_serving_default_gives_one_image_as_many_answers_as_values(served):
    x = oracle_preprocess(IMAGES[:1])
    many = tf.fill([30], 0.7)
    for keeps in ((many, tf.constant([1.0])), (tf.constant(1.0), many), (many, many)):
        y = served.signatures["serving_default"](x=x, keep_prob=keeps[0], keep_prob_conv=keeps[1])["y"].numpy()
        assert y.shape == (30, 43)
        assert len(np.unique(y, axis=0)) == 30


def test_serving_default_drops_anew_at_every_start(output):
    """Two processes, and a seed in both: the answers still differ."""
    program = (
        "import sys, tensorflow as tf; tf.random.set_seed(0); m = tf.saved_model.load(sys.argv[1]);"
        "half = tf.constant(0.5); serve = m.signatures['serving_default'];"
        "y = serve(x=tf.ones([1, 32, 32, 1]), keep_prob=half, keep_prob_conv=half)['y'];"
        "print(y.numpy().tobytes().hex())"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-c", program, str(output / "1")], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert answers[0] != answers[1]


@pytest.mark.parametrize("bad", [0.0, -0.5, 1.0001, float("nan"), float("inf"), [1.0, 1.0, float("nan"), 1.0, 1.0]])
@pytest.mark.parametrize("name", ["keep_prob", "keep_prob_conv"])
def test_serving_default_refuses_keep_probabilities_by_name_and_value(served, name, bad):
    keeps = {"keep_prob": tf.constant(1.0), "keep_prob_conv": tf.constant(1.0), name: tf.constant(bad)}
    value = np.ravel(bad)[2 if isinstance(bad, list) else 0]
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=rf"`{name}`: expected numbers in \(0, 1\].*{re.escape(f'{value:g}')}"
    ):
        served.signatures["serving_default"](x=oracle_preprocess(IMAGES), **keeps)


@pytest.mark.parametrize(("images", "values"), [(5, 2), (5, 6), (5, 0), (1, 0), (2, 1000)])
def test_serving_default_refuses_another_number_of_values(served, images, values):
    x = oracle_preprocess(IMAGES[:images])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Invalid shape of `keep_prob_conv`"):
        served.signatures["serving_default"](x=x, keep_prob=tf.constant(1.0), keep_prob_conv=tf.fill([values], 1.0))


@pytest.mark.parametrize("batch", [1, 5])
def test_predict_pixels_names_what_the_notebook_would_see(served, model, batch):
    images = IMAGES[:batch]
    answer = {name: value.numpy() for name, value in served.signatures["predict_pixels"](images=images).items()}
    want = at_one(model, oracle_preprocess(images))
    np.testing.assert_allclose(answer["probabilities"], want, atol=1e-6)
    for row in range(batch):
        best = sorted(range(43), key=lambda i: -answer["probabilities"][row, i])[:5]
        assert answer["class_ids"][row].tolist() == best
        assert [name.decode() for name in answer["class_names"][row]] == [signs.NAMES[i] for i in best]
        np.testing.assert_array_equal(answer["scores"][row], answer["probabilities"][row, best])


def test_predict_images_sees_the_same_pixels_in_pictures_of_any_size(served, model):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in ((32, 32), (15, 250), (100, 31))]
    files = []
    for picture, (form, options) in zip(pictures, (("PNG", {}), ("PNG", {}), ("JPEG", {"quality": 70})), strict=True):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, form, **options)
        files.append(file.getvalue())
    decoded = [np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files]
    small = [resize(picture[np.newaxis])[0] for picture in decoded]  # held to other libraries by its own tests
    answer = served.signatures["predict_images"](image_bytes=tf.constant(files))["probabilities"]
    np.testing.assert_allclose(answer, at_one(model, oracle_preprocess(small)), atol=1e-6)


@pytest.mark.parametrize(
    ("signature", "inputs"),
    [
        ("predict_images", {"image_bytes": tf.zeros([0], tf.string)}),
        ("predict_pixels", {"images": tf.zeros([0, 40, 50, 3], tf.uint8)}),
        (
            "serving_default",
            {"x": tf.zeros([0, 32, 32, 1]), "keep_prob": tf.constant(1.0), "keep_prob_conv": tf.constant([1.0])},
        ),
    ],
)
def test_signatures_answer_no_picture_with_no_row(served, signature, inputs):
    for value in served.signatures[signature](**inputs).values():
        assert value.shape[0] == 0


def test_predict_images_refuses_one_bad_file_among_good(served):
    file = io.BytesIO()
    Image.fromarray(IMAGES[0]).save(file, "PNG")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected PNG or JPEG.*\[GIF\]"):
        served.signatures["predict_images"](image_bytes=tf.constant([file.getvalue(), b"GIF89a"]))


def test_export_does_not_read_the_package_source_again(model, tmp_path, monkeypatch):
    """A file that was edited while a training ran must not change what the training exports."""

    def unreadable(*_):
        raise OSError("source code is not available")

    monkeypatch.setattr(inspect, "getsource", unreadable)
    monkeypatch.setattr(inspect, "getsourcelines", unreadable)
    version = export.export(model, tmp_path)
    assert set(tf.saved_model.load(str(version)).signatures) == {
        "serving_default",
        "predict_images",
        "predict_pixels",
    }


def test_export_carries_names_and_warm_up(output, served):
    version = output / "1"
    assert (version / "assets" / "signnames.csv").read_text().splitlines()[:2] == [
        "ClassId,SignName,German,Mirrored",
        "0,Speed limit (20km/h),0,",
    ]
    warmed = set()
    for record in tf.data.TFRecordDataset(str(version / "assets.extra" / "tf_serving_warmup_requests")):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        assert request.model_spec.name == "roadsigns_model"
        inputs = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
        served.signatures[request.model_spec.signature_name](**inputs)
        warmed.add(request.model_spec.signature_name)
    assert warmed == {"serving_default", "predict_images", "predict_pixels"}


def test_export_takes_the_next_free_version_and_leaves_nothing_else(model, tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "007x").mkdir()
    assert export.export(model, tmp_path) == tmp_path / "8"
    assert sorted(os.listdir(tmp_path)) == ["007x", "7", "8"]


def test_export_passes_over_a_number_that_a_file_or_a_broken_link_bears(model, tmp_path):
    (tmp_path / "1").write_text("mine")
    (tmp_path / "2").symlink_to("nowhere")
    assert export.export(model, tmp_path) == tmp_path / "3"
    assert (tmp_path / "1").read_text() == "mine"


def test_export_refuses_a_version_that_is_there(model, tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "mine").write_text("kept")
    with pytest.raises(UsageError, match="--version 1 is there already"):
        export.export(model, tmp_path, version=1)
    assert (tmp_path / "1" / "mine").read_text() == "kept"
    assert os.listdir(tmp_path) == ["1"]


def test_export_finds_no_number_after_the_last(model, tmp_path):
    (tmp_path / str(2**63 - 1)).mkdir()
    with pytest.raises(UsageError, match=r"There is no next free number in .* after 9223372036854775807\. Give a"):
        export.export(model, tmp_path)


def test_export_that_fails_leaves_nothing(model, tmp_path, monkeypatch):
    def full(path, channels):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("roadsigns.graph.write_warmup", full)
    with pytest.raises(OSError, match="No space left"):
        export.export(model, tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("said", "number"), [("File system is full; No space left on device", errno.ENOSPC), ("Odd", errno.EIO)]
)
def test_export_that_tensorflow_cannot_write_is_an_error_of_the_system(model, tmp_path, monkeypatch, said, number):
    def refuse(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, said)

    monkeypatch.setattr(tf.saved_model, "save", refuse)
    with pytest.raises(OSError) as refused:
        export.export(model, tmp_path)
    assert (refused.value.errno, refused.value.filename) == (number, str(tmp_path / "1"))
    assert os.listdir(tmp_path) == []


KILLED = """
import os, sys
from roadsigns import export, exported, files

def hook(event, words):
    if event == "os.rename" and str(words[1]).startswith(sys.argv[1]):  # not a module that is compiled
        os.kill(os.getpid(), 9)

sys.addaudithook(hook)
export.main(["--output", sys.argv[1]])
"""


def test_export_that_is_killed_is_no_version_and_is_removed_by_the_next(model, tmp_path):
    """At the last moment, when all is written but the rename."""
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env=os.environ).returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".") and (left / "1" / "saved_model.pb").is_file()
    with pytest.raises(UsageError):
        models.find(tmp_path)
    assert exported.versions(tmp_path) == {}
    assert export.export(model, tmp_path) == tmp_path / "1"
    assert os.listdir(tmp_path) == ["1"]


def test_export_on_another_backend_is_made_by_a_child_on_tensorflow(model, tmp_path, monkeypatch):
    weights = tmp_path / "-w ü.keras"
    model.save(weights)
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    monkeypatch.chdir(tmp_path)
    assert export.export_apart(Path(weights.name), Path("-out"), 7) == Path("-out/7")
    assert tf.saved_model.contains_saved_model("-out/7")
    with pytest.raises(ModelError, match=r"The export failed: .*is there already.*Try again: roadsigns export --model"):
        export.export_apart(Path(weights.name), Path("-out"), 7)


def test_export_where_tensorflow_is_missing_says_how_to_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = []
    assert export.export_apart(tmp_path / "m.keras", tmp_path / "out", None, said.append) is None
    assert said == [
        f"not exported: TensorFlow is not installed. Where it is: roadsigns export --model {tmp_path}/m.keras"
    ]


def test_export_gives_way_when_its_number_is_taken_meanwhile(model, tmp_path, monkeypatch):
    def somebody_else_is_faster(path, channels):
        write_warmup(path, channels)
        (tmp_path / "1").mkdir(exist_ok=True)
        (tmp_path / "1" / "theirs").write_text("kept")

    monkeypatch.setattr("roadsigns.graph.write_warmup", somebody_else_is_faster)
    assert export.export(model, tmp_path) == tmp_path / "2"
    assert os.listdir(tmp_path / "1") == ["theirs"]


def test_check_output_refuses_a_file_in_the_way(tmp_path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(UsageError, match="is not a writable folder"):
        export.check_output(tmp_path / "models" / "roadsigns", None)


def test_check_output_refuses_what_tensorflow_cannot_name(tmp_path):
    """As umlauts become in a locale without them; before a training, not after it."""
    with pytest.raises(UnicodeEncodeError):
        export.check_output(tmp_path / "B\udcc3\udca4ume", None)


def test_command_exports_a_keras_file(model, tmp_path, capsys):
    model.save(tmp_path / "model.keras")
    assert export.main(["--model", str(tmp_path / "model.keras"), "--output", str(tmp_path / "out")]) == 0
    said = f"model: {tmp_path / 'model.keras'}\nwrote {tmp_path / 'out' / '1'}: serve it as roadsigns_model\n"
    assert capsys.readouterr().out == said
    assert tf.saved_model.contains_saved_model(str(tmp_path / "out" / "1"))


def test_command_never_writes_shipped_weights_above_a_persons_model_unless_told(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    export.export(model, exported.MODELS)
    assert export.main([]) == 0
    assert capsys.readouterr().out == (
        "model: models/roadsigns/1, the newest version there\n"
        "nothing written: models/roadsigns/1 is an export already. To add shipped weights, name them with --model\n"
    )
    assert export.main(["--json", "--output", str(tmp_path / "models" / "roadsigns")]) == 0
    assert json.loads(capsys.readouterr().out) == {"exported": "models/roadsigns/1"}
    for flags, place in (
        (["--version", "7"], "models/roadsigns/7"),
        (["--output", "other"], "other/1"),
        (["--model", "models/roadsigns/1", "--output", "other", "--version", "2"], "other/2"),
    ):
        assert export.main(flags) == 2
        error = capsys.readouterr().err
        assert "'models/roadsigns/1' is an export already, of which no other is made. Copy it: cp -r" in error
        assert f"cp -r models/roadsigns/1 {place}. Or name" in error and error.count("\n") == 1
    assert os.listdir("models/roadsigns") == ["1"] and not Path("other").exists()
    assert export.main(["--model", "notebook"]) == 0
    assert "wrote models/roadsigns/2" in capsys.readouterr().out


def test_command_exports_a_runs_model_and_the_shipped_weights_where_nothing_is(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("runs/a").mkdir(parents=True)
    model.save("runs/a/model.keras")
    assert export.main(["--model", "runs/a", "--output", "out"]) == 0
    assert capsys.readouterr().out.startswith("model: runs/a/model.keras, the best epoch of that run\nwrote out/1: ")
    assert export.main(["--quiet"]) == 0
    assert os.listdir("models/roadsigns") == ["1"]
    weights = [tf.saved_model.load(folder).weights[0].numpy() for folder in ("out/1", "models/roadsigns/1")]
    assert not np.array_equal(*weights)


BAD_MODELS = {
    "missing": (lambda path: None, "is not there"),
    "text": (lambda path: path.write_text("hello"), "cannot be loaded as a Keras model"),
    "other network": (
        lambda path: keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(path),
        "is another model: expected the inputs x, keep_prob, keep_prob_conv. It has: ",
    ),
}


@pytest.mark.parametrize("kind", BAD_MODELS)
def test_command_refuses_bad_models_in_one_line(kind, tmp_path, capsys):
    make, message = BAD_MODELS[kind]
    make(tmp_path / "model.keras")
    assert export.main(["--model", str(tmp_path / "model.keras"), "--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_export_refuses_another_backend(model, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(ModelError, match="KERAS_BACKEND=tensorflow"):
        export.export(model, tmp_path)


def run_export(*flags, cwd):
    return subprocess.run(
        [sys.executable, "-m", "roadsigns", "export", *flags], cwd=cwd, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize(("form", "name"), [("onnx", "roadsigns.onnx"), ("litert", "roadsigns.tflite")])
def test_a_format_of_one_file_is_just_that(tmp_path, form, name):
    done = run_export("--format", form, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    file = tmp_path / "models" / name
    assert done.stdout.splitlines()[1].startswith(f"wrote models/{name}: {file.stat().st_size:,} bytes")
    assert [each.name for each in tmp_path.rglob("*")] == ["models", name]
    pixels = draw_signs(3, 1)[0]
    want = roadsigns.load("small").classify_pixels(pixels)
    np.testing.assert_allclose(formats.read(file)(pixels), want, atol=1e-5)


def test_eight_bits_print_their_accuracy(tmp_path):
    data = Path(__file__).parent.parent / "fixtures" / "drawn-signs.zip"
    flags = ["--format=litert", "--quantize=int8", f"--output={tmp_path}", f"--data={data}", f"--data-dir={tmp_path}/d"]
    done = run_export(*flags, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["exported"] == str(tmp_path / "roadsigns.tflite")
    assert abs(told["accuracy"] - told["accuracy_float32"]) < 0.1


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--format=onnx", "--quantize=int8"], "--quantize is for --format litert. Received: --format onnx"),
        (["--quantize=int8"], "--quantize is for --format litert. Received: --format savedmodel"),
        (["--format=litert", "--output=a.bin"], "--output 'a.bin' is no name for --format litert: expected one with"),
        (["--format=onnx", "--version=3"], "--version is for --format savedmodel. Leave it out for "),
        (["--format=onnx", "--output=mine.onnx"], "--output 'mine.onnx' is there already. Give another name"),
        (["--format=onnx", "--output=mine.onnx/a.onnx"], "'mine.onnx' is not a writable folder"),
    ],
)
def test_what_no_file_can_be_written_for_is_told(tmp_path, monkeypatch, capsys, flags, message):
    monkeypatch.chdir(tmp_path)
    Path("mine.onnx").write_text("mine")
    assert export.main(flags) == 2
    assert message in capsys.readouterr().err
    assert Path("mine.onnx").read_text() == "mine"


def test_an_export_has_no_other_format(output, tmp_path, capsys):
    assert export.main(["--format=onnx", f"--model={output}", f"--output={tmp_path}/a.onnx"]) == 2
    assert "is an export, of which no other format is made. Name the run, the .keras file" in capsys.readouterr().err
