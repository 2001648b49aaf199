"""Five and 62 classes of a person's own, trained and trained on, to the last answer: names are right everywhere."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import pytest

import roadsigns
from labelled import fill, packed, png
from pictures import draw_signs
from roadsigns import classes, evaluate, exported, keras_file, report
from roadsigns.classes import Classes
from roadsigns.data import synthetic
from roadsigns.data.synthetic import design_folder
from roadsigns.networks import answers
from roadsigns.predict import main as predict
from roadsigns.report import markup
from roadsigns.serving.engines import choice
from roadsigns.train.__main__ import main as train

FIVE = ('a "depot" \N{DOOR}', "gate", "hydrant", "Stop", "Änderung, links")
SIXTY_TWO = tuple(f"class {number}" for number in range(62))


class Made(NamedTuple):
    """A model of classes of its own, and what it was made of."""

    names: tuple[str, ...]
    data: Path
    folder: Path

    @property
    def version(self) -> Path:
        return self.folder / "models" / "2"


def files(names: tuple[str, ...], each: int) -> dict[str, bytes]:
    """So many pictures of each class; classes with numbers are labelled by these, with zeros before them."""
    images, _ = draw_signs(len(names) * each, 5)
    labels = [f"{int(name.split()[1]):05d}" if name in SIXTY_TWO else name for name in names]
    return {f"{labels[index // each]}/{index}.png": png(image) for index, image in enumerate(images)}


@pytest.fixture(scope="module", params=[(FIVE, 20), (SIXTY_TWO, 3)], ids=["five", "sixty-two"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    names, each = request.param
    folder = tmp_path_factory.mktemp("own")
    fill(folder / "signs", files(names, each))
    data = packed(folder / "signs") if names == SIXTY_TWO else folder / "signs"
    flags = ["--network", "tiny", "--epochs", "1", "--augment", "0.5", "--data-dir", str(folder / "cache")]
    flags += ["--run-dir", str(folder / "run"), "--output", str(folder / "models")]
    assert train(["--data", str(data), *flags, "--quiet"]) == 0
    assert train(["--resume", str(folder / "run"), "--epochs", "2", "--quiet"]) == 0
    return Made(names, data, folder)


def test_names_travel_in_every_file(made: Made) -> None:
    assert answers.classes(keras_file.load(made.folder / "run" / "model.keras")).names == made.names
    assert exported.class_names(made.folder / "models" / "1") == made.names, "as before the run was gone on with"
    assert exported.class_names(made.version) == made.names
    metrics = json.loads((made.folder / "run" / "metrics.json").read_text())
    assert tuple(metrics["classes"]) == made.names and len(metrics["class_accuracies"]) == len(made.names)
    session = onnxruntime.InferenceSession(str(made.version / exported.ONNX), providers=["CPUExecutionProvider"])
    assert session.get_outputs()[0].shape[1] == len(made.names)
    told = session.get_modelmeta().custom_metadata_map[classes.METADATA]
    assert classes.read(told) == Classes(made.names)


@pytest.mark.parametrize("model", ["run", "models"])
def test_predict_says_the_names(made: Made, model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "sign.png").write_bytes(png(draw_signs(1, 3)[0][0]))
    assert predict(["--model", str(made.folder / model), "--json", str(tmp_path / "sign.png")]) == 0
    best = json.loads(capsys.readouterr().out)["best"]
    assert len(best) == 5 and all(guess["class_name"] == made.names[guess["class_id"]] for guess in best)
    found = roadsigns.load(made.folder / model).predict(tmp_path / "sign.png")
    assert found.name == best[0]["class_name"]


def test_evaluate_and_its_page_say_the_names(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report.robustness, "MOST", 4)
    asked = ["--model", str(made.folder / "models"), "--data", str(made.data), "--data-dir", str(made.folder / "cache")]
    assert evaluate.main([*asked, "--report", str(tmp_path / "page"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["confusion"]) == len(made.names)
    figures = json.loads((tmp_path / "page" / "report.json").read_text())
    assert tuple(figures["classes"]) == made.names
    page = (tmp_path / "page" / "report.html").read_text()
    assert "Speed limit" not in page and ("hydrant" if made.names == FIVE else "class 61") in page


def test_pictures_of_some_of_the_classes_are_scored_by_name(made: Made, tmp_path: Path) -> None:
    """The last two classes alone, whose ids among themselves are others."""
    some = files(made.names, 2)
    fill(tmp_path / "test", {f"test/{name}": data for name, data in list(some.items())[-4:]})
    asked = ["--model", str(made.folder / "models"), "--data-dir", str(tmp_path / "cache")]
    assert evaluate.main([*asked, "--data", str(tmp_path / "test"), "--report", str(tmp_path / "page")]) == 0
    figures = json.loads((tmp_path / "page" / "report.json").read_text())
    assert tuple(figures["classes"]) == made.names
    scored = [index for index, share in enumerate(figures["class_accuracies"]) if share is not None]
    assert scored == [len(made.names) - 2, len(made.names) - 1]


@pytest.mark.parametrize("kind", choice.ENGINES)
def test_both_engines_say_the_names(made: Made, kind: str) -> None:
    engine = choice.load(made.version, kind)
    assert engine.short == {exported.IMAGES, exported.PIXELS}, "the fast path agrees with the graph"  # type: ignore[attr-defined]
    answer = engine.run(exported.PIXELS, {"images": draw_signs(3, 3)[0]})
    said = [[name.decode() for name in row] for row in answer["class_names"]]
    assert said == [[made.names[index] for index in row] for row in answer["class_ids"]]
    assert answer["class_ids"].shape == (3, 5) and answer["probabilities"].shape == (3, len(made.names))
    engine.close()


@pytest.fixture
def app(made: Made) -> Iterator[str]:
    """The app with a model server of its own; yields its address."""
    environ = {name: value for name, value in os.environ.items() if name not in ("TENSORFLOW_HOST", "PORT")}
    (made.folder / "models" / "roadsigns").mkdir(exist_ok=True)
    if not (made.folder / "models" / "roadsigns" / "1").exists():
        (made.folder / "models" / "roadsigns" / "1").symlink_to(made.version)
    command = [sys.executable, "-m", "roadsigns.app", "--port", "0"]
    process = subprocess.Popen(command, env=environ, cwd=made.folder, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    for line in process.stderr:
        if " asks the model server at " in line:
            yield line.split()[0].rstrip("/")
            break
    process.terminate()
    assert process.wait(20) == 0
    process.stderr.close()


def test_the_app_and_the_server_behind_it_say_the_names(made: Made, app: str) -> None:
    picture = base64.b64encode(png(draw_signs(1, 3)[0][0])).decode()
    body = json.dumps({"signature_name": "predict_images", "inputs": {"image_bytes": [{"b64": picture}]}})
    request = urllib.request.Request(f"{app}/v1/models/roadsigns_model:predict", body.encode())
    with urllib.request.urlopen(request, timeout=60) as response:
        told: dict[str, Any] = json.load(response)["outputs"]
    assert [made.names[index] for index in told["class_ids"][0]] == told["class_names"][0]
    assert np.shape(told["probabilities"]) == (1, len(made.names)) and 0 <= told["no_sign"][0] <= 1


def test_the_report_of_a_model_of_own_designs_shows_them(tmp_path: Path) -> None:
    swedish = Path(__file__).parent.parent / "fixtures" / "swedish"
    flags = ["--data", "synthetic", "--designs", str(swedish), "--count", "20", "--data-dir", str(tmp_path / "drawn")]
    assert (
        train(
            [
                *flags,
                "--network",
                "tiny",
                "--epochs",
                "1",
                "--run-dir",
                str(tmp_path / "run"),
                "--output",
                str(tmp_path / "models"),
            ]
        )
        == 0
    )
    assert evaluate.main([*flags, "--model", str(tmp_path / "run"), "--report", str(tmp_path / "page")]) == 0
    classes, designs = design_folder.read(swedish)
    for page in (tmp_path / "run" / "report.html", tmp_path / "page" / "report.html"):
        text = page.read_text()
        for design in designs:
            data = markup.picture(synthetic.render(design, 64), "").split('"')[3]
            assert f".s{design.class_id}{{background-image:url({data})}}" in text, classes.names[design.class_id]
