"""`roadsigns evaluate`: figures that can be counted again, and models of other classes."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from roadsigns import classifier, data, evaluate, exported, report
from roadsigns.data import sources, synthetic

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


def test_evaluate_says_which_drawn_signs_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "DRAWN_DIR", tmp_path / "signs")
    sources.load("synthetic", count=43)
    assert evaluate.main(["--model", "notebook", "--data", "synthetic"]) == 0
    out, err = capsys.readouterr()
    assert "test: 5 pictures, accuracy " in out
    assert f"drawn signs that were in {tmp_path / 'signs'} (--count N draws others)\n" in err


def test_a_model_of_other_classes_is_not_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def answer(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": tf.ones([tf.shape(images)[0], 3]) / 3}

    module = tf.Module()
    module.call = tf.function(answer, input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, "images")])
    tf.saved_model.save(module, str(tmp_path), signatures={"predict_pixels": module.call.get_concrete_function()})
    (tmp_path / exported.CLASS_NAMES).write_text("ClassId,SignName\n0,Give way\n1,Stop\n2,No entry\n")
    assert evaluate.main(["--model", str(tmp_path), "--data", DATA]) == 2
    error = capsys.readouterr().err
    assert "tells 3 classes apart, from 'Give way', and none of them is Speed limit (20km/h), Speed limit" in error


@pytest.fixture(scope="module")
def signs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a test split of 40 drawn signs: three classes have none."""
    folder = tmp_path_factory.mktemp("drawn")
    images, labels = synthetic.draw(43, 2)
    kept = labels < 40
    arrays = {"features": images[kept], "labels": labels[kept].astype(np.uint8)}
    (folder / "test.p").write_bytes(pickle.dumps(arrays, protocol=4))
    return folder


def test_report_has_the_figures_that_are_printed(
    signs: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report.robustness, "MOST", 4)
    place = tmp_path / "page"
    asked = ["--model", "notebook", "--data", str(signs)]
    assert evaluate.main([*asked, "--report", str(place), "--against", "notebook", "--json"]) == 0
    printed, told = capsys.readouterr()
    summary, figures = json.loads(printed), json.loads((place / "report.json").read_text())
    assert summary["report"] == str(place)
    assert {name: summary[name] for name in ("pictures", "accuracy", "loss", "ece", "class_accuracies")} == {
        name: figures[name] for name in ("pictures", "accuracy", "loss", "ece", "class_accuracies")
    }
    assert figures["comparison"]["mcnemar_p"] == 1 and figures["corruptions"]["pictures"] == 4
    assert figures["command"].startswith("python -m roadsigns.evaluate") and figures["versions"]["keras"]
    assert "3 of 43 classes have no pictures in test (Roundabout mandatory, End of no passing, " in told
    assert "<title>notebook against notebook: report</title>" in (place / "report.html").read_text()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--against", "notebook"], "--against notebook is for the page that compares two models. Add --report DIR"),
        (["--report", "{signs}"], "holds other things (test.p). Name a folder that is new, or of an earlier page"),
        (["--report", "{signs}/test.p"], "is a file. Name a folder, which is made where it is missing"),
        (
            ["--report", "{signs}/new", "--against", "notebok"],
            "--against 'notebok' is not there. Did you mean notebook",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_once(signs: Path, capsys: Any, flags: list[str], message: str) -> None:
    assert evaluate.main(["--data", str(signs), *(flag.format(signs=signs) for flag in flags)]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (signs / "new").exists()
