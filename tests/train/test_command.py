"""The main job from its command line, on small drawn data: what it writes, how it stops, how it goes on."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from archives import write_archive
from pictures import draw_signs
from roadsigns import data, signs
from roadsigns.networks import answers
from roadsigns.preprocess import preprocess
from roadsigns.train import __main__ as train_command
from roadsigns.train import epochs
from roadsigns.train.__main__ import main

EPOCHS = 3


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("data") / "signs.zip")


def run(folder, archive, *flags):
    """`roadsigns train` with everything it writes in `folder`."""
    return main(
        [
            *("--data", str(archive), "--epochs", str(EPOCHS), "--batch-size", "32"),
            *("--run-dir", str(folder / "run"), "--output", str(folder / "models"), *flags),
        ]
    )


@pytest.fixture(scope="module")
def whole(archive, tmp_path_factory):
    """The folder of an unbroken run."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(folder, archive) == 0
    return folder


def weights(folder, name="model.keras"):
    return keras.saving.load_model(folder / "run" / name, compile=False).get_weights()


def test_a_run_ends_with_a_page_of_its_figures(whole, archive):
    metrics, figures = (json.loads((whole / "run" / name).read_text()) for name in ("metrics.json", "report.json"))
    assert figures["accuracy"] == metrics["test_accuracy"] and figures["ece"] == metrics["ece"]
    assert (figures["model"], figures["split"], figures["command"]) == ("run", "test", metrics["command"])
    assert figures["corruptions"] is None, "55 passes over the test set are left to evaluate --report"
    page = (whole / "run" / "report.html").read_text()
    assert "Where the model looks" in page and "Not measured for this page" in page
    assert len(page) < 2_000_000


def test_train_leaves_a_run_and_a_model_that_answers(whole, archive):
    names = set(os.listdir(whole / "run"))
    assert {"config.json", "history.csv", "metrics.json", "curves.png", "model.keras", "report.html"} <= names
    with (whole / "run" / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    with Image.open(whole / "run" / "curves.png") as curves:
        assert curves.size == (1000, 400)
    assert (whole / "run" / "model.keras").stat().st_size < 2_500_000  # the optimizer's state is left out
    served = tf.saved_model.load(str(whole / "models" / "1"))
    live = keras.saving.load_model(whole / "run" / "model.keras", compile=False)
    x = np.random.default_rng(0).random((4, 32, 32, 1), np.float32)
    one = tf.constant(1.0)
    np.testing.assert_allclose(
        served.signatures["serving_default"](x=x, keep_prob=one, keep_prob_conv=one)["y"],
        answers.probabilities(live, x),
        atol=1e-6,
    )


def test_train_ends_with_what_to_do_next(archive, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = ["--data", str(archive), "--epochs", "1", "--batch-size", "86"]
    assert main([*flags, "--run-dir", "runs/a"]) == 0
    end = "next:\n  roadsigns predict photo.jpg\n  roadsigns serve\n  roadsigns app\n"
    assert capsys.readouterr().out.endswith(end)
    assert main([*flags, "--run-dir", "runs/b", "--output", "my models"]) == 0
    end = "  roadsigns predict '--model=my models/1' photo.jpg\n  roadsigns serve '--model_base_path=my models'\n"
    assert capsys.readouterr().out.endswith("next:\n" + end)
    monkeypatch.setattr("roadsigns.export.export_apart", lambda *_: None)
    assert main([*flags, "--run-dir", "runs/c"]) == 0
    assert capsys.readouterr().out.endswith("next:\n  roadsigns predict --model=runs/c photo.jpg\n")


def test_train_reports_figures_that_can_be_counted_again(whole, archive):
    from pictures import draw_signs

    metrics = json.loads((whole / "run" / "metrics.json").read_text())
    required = {"name", "command", "commit", "date", "machine", "versions", "network", "parameters", "multiply_adds"}
    required |= {"recipe", "trained_on", "seeds", "epochs", "train_minutes", "validation_accuracy", "test_accuracy"}
    assert required | {"ece"} <= set(metrics)
    assert (metrics["network"], metrics["parameters"], metrics["seeds"]) == ("notebook", 570_763, [0])
    assert str(archive) not in (whole / "run" / "metrics.json").read_text()
    images, labels = draw_signs(43, 2)  # as the archive's test split
    model = keras.saving.load_model(whole / "run" / "model.keras", compile=False)
    guesses = answers.probabilities(model, preprocess(images)).argmax(axis=1)
    assert metrics["test_accuracy"] == pytest.approx(sum(guesses == labels) / 43)


def test_train_takes_the_best_epoch_by_validation(whole):
    with (whole / "run" / "history.csv").open(newline="") as file:
        accuracies = [float(row["validation_accuracy"]) for row in csv.DictReader(file)]
    metrics = json.loads((whole / "run" / "metrics.json").read_text())
    assert metrics["validation_accuracy"] == max(accuracies)
    assert accuracies[metrics["best_epoch"] - 1] == max(accuracies)


def test_train_exports_the_averaged_weights_or_the_notebooks_own(whole, archive, tmp_path):
    metrics = json.loads((whole / "run" / "metrics.json").read_text())
    trained = keras.saving.load_model(whole / "run" / f"epoch-{metrics['best_epoch']:04d}.keras")
    for weight, average, own in zip(
        weights(whole), trained.optimizer.averages, trained.trainable_variables, strict=False
    ):
        calibrated = average / metrics["temperature"] if own.path.startswith("scores") else average
        np.testing.assert_allclose(weight, calibrated, rtol=1e-6)
        assert not np.array_equal(weight, own)
    assert metrics["recipe"] == "notebook"
    assert run(tmp_path, archive, "--average-momentum", "0") == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    trained = keras.saving.load_model(tmp_path / "run" / f"epoch-{metrics['best_epoch']:04d}.keras")
    for weight, own in zip(weights(tmp_path), trained.trainable_variables, strict=False):
        if not own.path.startswith("scores"):
            np.testing.assert_array_equal(weight, own)


def test_train_gives_the_same_weights_for_a_seed_and_others_for_another(whole, archive, tmp_path):
    assert run(tmp_path, archive) == 0
    for one, other in zip(weights(whole), weights(tmp_path), strict=True):
        np.testing.assert_array_equal(one, other)
    (tmp_path / "other").mkdir()
    assert run(tmp_path / "other", archive, "--seed", "1") == 0
    assert not np.array_equal(weights(tmp_path / "other")[0], weights(whole)[0])


def test_train_repeats_a_run_by_its_config(whole, tmp_path):
    config = json.loads((whole / "run" / "config.json").read_text())
    assert (config["epochs"], config["batch_size"]) == (EPOCHS, 32)
    flags = ["--run-dir", str(tmp_path / "run"), "--output", str(tmp_path / "models")]
    assert main(["--config", str(whole / "run" / "config.json"), *flags]) == 0
    for one, other in zip(weights(whole), weights(tmp_path), strict=True):
        np.testing.assert_array_equal(one, other)
    environment = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert environment == json.loads((whole / "run" / "environment.json").read_text())
    assert {"backend", "TF_ENABLE_ONEDNN_OPTS", "keras", "tensorflow", "numpy"} <= set(environment["versions"])
    assert len(environment["data"]["files"]["signs.zip"]["sha256"]) == 64


def test_train_refuses_to_resume_and_to_repeat_at_once(whole, capsys):
    assert main(["--resume", str(whole / "run"), "--config", str(whole / "run" / "config.json")]) == 2
    assert "give one of them" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_train_that_is_stopped_resumes_to_the_same_weights(number, whole, archive, tmp_path):
    """A real process, a real signal in the second epoch; then `--resume`, compared with the unbroken run."""
    history = tmp_path / "run" / "history.csv"
    flags = ["--data", str(archive), "--epochs", str(EPOCHS), "--batch-size", "32"]
    flags += ["--run-dir", str(tmp_path / "run"), "--output", str(tmp_path / "models")]
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_TRAINING, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if line.startswith("epoch   1/"):
            break
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.strip().splitlines() == [
        f"Interrupted; epoch 1 is kept. Go on with: roadsigns train --resume={tmp_path / 'run'}"
    ]
    assert len(history.read_text().splitlines()) == 2
    assert main(["--resume", str(tmp_path / "run")]) == 0
    for name in ("model.keras", f"epoch-{EPOCHS:04d}.keras"):
        if (whole / "run" / name).exists():
            for one, other in zip(weights(whole, name), weights(tmp_path, name), strict=True):
                np.testing.assert_array_equal(one, other)


# The second epoch waits after its first step, so that the signal comes in the midst of it.
SLOW_TRAINING = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # who started the tests may ignore it
from roadsigns import backend
from roadsigns.train.__main__ import main
backend.start()
from roadsigns.train import epochs
chosen = epochs.chosen
def slowly_chosen(pictures, options, epoch):
    if epoch == 2:
        time.sleep(60)
    return chosen(pictures, options, epoch)
epochs.chosen = slowly_chosen
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("damage", ["cut", "no optimizer"])
def test_train_whose_newest_model_is_damaged_goes_on_from_the_one_before(damage, whole, tmp_path, capsys):
    """One line with a command to paste; after it the run ends as if it had been stopped before."""
    folder = tmp_path / "run"
    shutil.copytree(whole / "run", folder)
    (folder / "metrics.json").unlink()
    newest, older = folder / "epoch-0003.keras", folder / "epoch-0002.keras"
    older.write_bytes(newest.read_bytes())
    if damage == "cut":
        newest.write_bytes(newest.read_bytes()[:1_000_000])
    else:
        keras.saving.load_model(newest, compile=False).save(newest)
    assert main(["--resume", str(folder)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith(f"roadsigns train: Damaged model '{newest}': ")
    assert error.endswith(
        f". Without that file the run goes on from epoch 2: rm -- {newest} && roadsigns train --resume={folder}\n"
    )
    newest.unlink()
    assert main(["--resume", str(folder), "--output", str(tmp_path / "models")]) == 0
    assert "epoch   3/3" in capsys.readouterr().out


def test_train_by_the_quick_recipe_resumes_to_the_same_weights(archive, tmp_path, monkeypatch):
    """The step size goes on where it stood, and so does what is rounded to bfloat16."""
    flags = ("--recipe", "quick", "--epochs", "2", "--batch-size", "32")
    assert run(tmp_path / "whole", archive, *flags) == 0
    metrics = json.loads((tmp_path / "whole" / "run" / "metrics.json").read_text())
    assert metrics["recipe"] == "quick"
    assert "--recipe quick --network small --epochs 2 --use-image-percent 100" in metrics["command"]
    assert "--schedule cosine --precision bfloat16" in metrics["command"]
    epoch_of = epochs.train

    def cut(model, pictures, options, epoch):
        if epoch == 2:
            raise KeyboardInterrupt
        return epoch_of(model, pictures, options, epoch)

    monkeypatch.setattr(epochs, "train", cut)
    assert run(tmp_path / "cut", archive, *flags) == 130
    monkeypatch.undo()
    assert main(["--resume", str(tmp_path / "cut" / "run")]) == 0
    for one, other in zip(weights(tmp_path / "whole"), weights(tmp_path / "cut"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_train_that_redraws_sees_other_signs_and_resumes_to_the_same_weights(tmp_path, monkeypatch):
    flags = ["--data", "synthetic", "--count", "86", "--data-dir", str(tmp_path / "signs"), "--batch-size", "43"]
    flags += ["--epochs", "3", "--redraw"]
    seen, trained = [], epochs.train

    def noted(model, pictures, options, epoch):
        seen.append(pictures.batch(np.arange(len(pictures)), (0,))[0])
        return trained(model, pictures, options, epoch)

    def stopped(model, pictures, options, epoch):
        if epoch == 3:
            raise KeyboardInterrupt
        return trained(model, pictures, options, epoch)

    places = [("--run-dir", str(tmp_path / name / "run"), "--output", str(tmp_path / name)) for name in ("a", "b")]
    monkeypatch.setattr(epochs, "train", noted)
    assert main([*flags, *places[0]]) == 0
    assert len({picture.tobytes() for x in seen for picture in x}) == 3 * 86
    monkeypatch.setattr(epochs, "train", stopped)
    assert main([*flags, *places[1]]) == 130
    monkeypatch.setattr(epochs, "train", trained)
    assert main(["--resume", str(tmp_path / "b" / "run")]) == 0
    for one, other in zip(weights(tmp_path / "a"), weights(tmp_path / "b"), strict=True):
        np.testing.assert_array_equal(one, other)
    assert "--redraw" in json.loads((tmp_path / "b" / "run" / "metrics.json").read_text())["command"]


def test_train_json_prints_metrics_and_nothing_else_on_stdout(archive, tmp_path, capsys):
    assert run(tmp_path, archive, "--json", "--epochs", "1", "--use-image-percent", "50") == 0
    output = capsys.readouterr()
    assert json.loads(output.out) == json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert "epoch   1/1" in output.err


def test_train_quiet_prints_nothing_and_with_json_only_that(archive, tmp_path, capfd):
    flags = ("--quiet", "--epochs", "1", "--use-image-percent", "50")
    assert run(tmp_path / "a", archive, *flags) == 0
    assert capfd.readouterr() == ("", "")
    assert run(tmp_path / "b", archive, *flags, "--json") == 0
    output = capfd.readouterr()
    assert json.loads(output.out)["epochs"] == 1 and output.err == ""


def test_train_that_diverges_says_so_and_exports_nothing(archive, tmp_path, capsys):
    assert run(tmp_path, archive, "--learning-rate", "1e39") == 2
    error = capsys.readouterr().err
    assert error.startswith("roadsigns train: The model answers with NaN: its training diverged. Train with a")
    assert error.count("\n") == 1
    assert set(os.listdir(tmp_path / "run")) == {"config.json", "environment.json"}
    assert not (tmp_path / "models").exists()


def test_train_goes_on_when_its_reader_leaves(archive, tmp_path):
    """As in `roadsigns train | head -1`: what was trained for is more than what it prints."""
    reader, writer = os.pipe()
    os.close(reader)
    flags = ["--data", str(archive), "--epochs", "1", "--run-dir", "run", "--output", "models"]
    done = subprocess.run(
        [sys.executable, "-m", "roadsigns.train", *flags], stdout=writer, stderr=subprocess.PIPE, cwd=tmp_path
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "run" / "metrics.json").exists()


BAD = {
    "epochs": (["--epochs", "0"], "--epochs"),
    "percent 0": (["--use-image-percent", "0"], "--use-image-percent"),
    "percent 101": (["--use-image-percent", "101"], "--use-image-percent"),
    "percent negative": (["--use-image-percent", "-1"], "--use-image-percent"),
    "keep": (["--keep-prob", "nan"], "--keep-prob"),
    "keep that 32 bits take for 0": (["--keep-prob-conv", "1e-45"], "--keep-prob-conv"),
    "data": (["--data", "gtsrp"], "'gtsrp'"),
    "nothing drawn": (["--redraw"], "--redraw"),
    "output": (["--output", "/proc/models"], "'/proc/models'"),
    "run": (["--resume", "nosuchrun"], "'nosuchrun'"),
    "version": (["--version", "-1"], "--version"),
    "flag": (["--epoch", "3"], "--epoch"),
}


@pytest.mark.parametrize("kind", BAD)
def test_train_refuses_in_one_line_before_keras_is_loaded(kind, archive, tmp_path):
    flags, named = BAD[kind]
    program = (
        "import sys; from roadsigns.train.__main__ import main; status = main(sys.argv[1:]);"
        "sys.exit(status if not {'keras', 'tensorflow'} & set(sys.modules) else 99)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--data", str(archive), "--run-dir", str(tmp_path / "run"), *flags],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("roadsigns train: ")
    assert named in done.stderr
    assert os.listdir(tmp_path) == []


def test_train_names_classes_that_it_has_no_pictures_of(capsys):
    images, labels = draw_signs(80, seed=0)
    pictures = data.Split(images, np.where(np.isin(labels, [3, 14]), 0, labels))
    train_command._tell_absent(SimpleNamespace(train=pictures, classes=signs.CLASSES))
    assert capsys.readouterr().err.startswith(
        "2 of 43 classes have no pictures to train on (Speed limit (60km/h), Stop), so the model will not know them. "
    )
    train_command._tell_absent(SimpleNamespace(train=data.Split(images, labels), classes=signs.CLASSES))
    assert not capsys.readouterr().err


def test_train_refuses_damaged_data_before_it_makes_a_run(archive, tmp_path, capsys):
    damaged = tmp_path / "signs.zip"
    damaged.write_bytes(archive.read_bytes()[:-5000])
    assert run(tmp_path, damaged) == 2
    assert str(damaged) in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["signs.zip"]


def test_train_prints_nothing_of_tensorflow(archive, tmp_path):
    """The whole process: progress on stdout, nothing on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "roadsigns.train", "--data", str(archive), "--epochs", "1", "--output", "models"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS"))},
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert re.match(r"run runs/\S+-0, backend tensorflow, seed 0", lines[0])
    assert re.match(rf"\d+ pictures to train on, \d+ to validate, \d+ to test: {archive}", lines[1])
    assert re.match(r"epoch   1/1  loss \d.* accuracy .*%  validation .*%  [\d,]+ images/s  0:00:00 left", lines[2])
    assert re.match(r"epoch 1: validation \S+%, test \S+%", lines[3])
    assert lines[5] == "wrote models/1: a SavedModel for TensorFlow Serving"


def test_train_lets_no_warning_of_a_library_end_it(tmp_path):
    """Keras 3.15 calls what NumPy 2 deprecates when it saves a model."""
    flags = ["-m", "roadsigns.train", "--data", "synthetic", "--count", "43", "--data-dir", "signs", "--epochs", "1"]
    done = subprocess.run(
        [sys.executable, "-W", "error", *flags, "--quiet"], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "models" / "roadsigns" / "1").is_dir()


@pytest.mark.parametrize(
    ("settings", "policy"),
    [({"floatx": "float64", "image_data_format": "channels_first"}, "float64"), ({}, "mixed_float16")],
    ids=str,
)
def test_a_persons_keras_settings_have_no_part_in_a_run(settings, policy, whole, archive, tmp_path):
    """Trained, scored and exported to the same bits, in one process; its own settings are left to it."""
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "tensorflow", **settings}))
    script = f"""
import sys, keras
keras.config.set_dtype_policy({policy!r})
from roadsigns import evaluate, export
from roadsigns.train.__main__ import main
flags = ["--data", {str(archive)!r}]
assert main([*flags, "--epochs={EPOCHS}", "--batch-size=32", "--run-dir=run", "--output=models", "--quiet"]) == 0
assert evaluate.main([*flags, "--model=run", "--json"]) == 0
assert export.main(["--model=run", "--output=models", "--quiet"]) == 0
found = keras.config.floatx(), keras.config.image_data_format(), keras.config.dtype_policy().name
print(*found, file=sys.stderr)
"""
    environ = {**os.environ, "KERAS_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kept = settings.get("floatx", "float32"), settings.get("image_data_format", "channels_last"), policy
    assert tuple(done.stderr.split()[-3:]) == kept
    for one, other in zip(weights(whole), weights(tmp_path), strict=True):
        np.testing.assert_array_equal(one, other)
    timed = {"date", "commit", "train_minutes", "command", "exported", "machine"}
    expected, found = (json.loads((each / "run" / "metrics.json").read_text()) for each in (whole, tmp_path))
    assert {name: found[name] for name in expected.keys() - timed} == {n: expected[n] for n in expected.keys() - timed}
    line = json.loads([each for each in done.stdout.splitlines() if each.startswith("{")][-1])
    assert (line["accuracy"], line["loss"]) == (expected["test_accuracy"], pytest.approx(expected["test_loss"]))
    x = np.random.default_rng(0).random((4, 32, 32, 1), np.float32)
    one = tf.constant(1.0)
    for folder in (whole / "models" / "1", tmp_path / "models" / "1", tmp_path / "models" / "2"):
        said = tf.saved_model.load(str(folder)).signatures["serving_default"](x=x, keep_prob=one, keep_prob_conv=one)
        assert said["y"].dtype == tf.float32
        live = keras.saving.load_model(whole / "run" / "model.keras", compile=False)
        np.testing.assert_allclose(said["y"], answers.probabilities(live, x), atol=1e-6)
