"""From picture files to names, through each kind of model."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from pictures import draw_signs
from roadsigns import classifier, export, networks, predict, signs
from roadsigns.errors import ModelError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A `.keras` file of fixed weights, its export, and three pictures of different sizes."""
    folder = tmp_path_factory.mktemp("predict")
    model = networks.build("notebook", seed=2)
    model.save(folder / "model.keras")
    export.export(model, folder / "models" / "roadsigns")
    for number, (image, size) in enumerate(zip(draw_signs(3, 1)[0], ((32, 32), (60, 48), (20, 25)), strict=True)):
        Image.fromarray(image).resize(size).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def files(folder):
    return [str(folder / f"{number}.png") for number in range(3)]


def answers(capsys, *flags):
    assert predict.main(["--json", *flags]) == 0
    output = capsys.readouterr()
    assert output.err.startswith("model: ") and output.err.count("\n") == 1
    return json.loads(output.out)


def test_predict_names_five_classes_for_each_file(folder, files, capsys):
    assert predict.main(["--model", str(folder / "model.keras"), *files]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"model: {folder / 'model.keras'}"
    assert lines[::6] == files
    for line in (line for number, line in enumerate(lines) if number % 6):
        score, number, name = re.fullmatch(r"\s+(\d+\.\d\d)%  ([ \d]\d)  (.+)", line).groups()
        assert signs.NAMES[int(number)] == name
        assert 0 <= float(score) <= 100


def test_predict_answers_alike_through_keras_and_through_the_export(folder, files, capsys):
    by_keras = answers(capsys, "--model", str(folder / "model.keras"), *files)
    for path in ("models/roadsigns/1", "models/roadsigns"):
        by_export = answers(capsys, "--model", str(folder / path), *files)
        for one, other in zip(by_keras, by_export, strict=True):
            assert one["file"] == other["file"]
            assert [each["class_id"] for each in one["best"]] == [each["class_id"] for each in other["best"]]
            np.testing.assert_allclose(
                [each["score"] for each in one["best"]], [each["score"] for each in other["best"]], atol=1e-6
            )


def test_predict_refuses_a_bad_file_in_one_line(folder, files, tmp_path, capsys):
    (tmp_path / "sign.gif").write_bytes(b"GIF89a")
    assert predict.main(["--model", str(folder / "model.keras"), files[0], str(tmp_path / "sign.gif")]) == 2
    output = capsys.readouterr()
    assert output.out == f"model: {folder / 'model.keras'}\n"
    assert output.err.count("\n") == 1
    assert "sign.gif' is a picture of GIF format: expected PNG or JPEG" in output.err
    assert predict.main([str(tmp_path / "missing.png")]) == 2
    assert f"{str(tmp_path / 'missing.png')!r}: No such file" in capsys.readouterr().err


def test_predict_refuses_a_damaged_export_and_an_export_of_another_kind(folder, files, tmp_path, capsys):
    (tmp_path / "saved_model.pb").write_bytes(b"not a graph")
    assert predict.main(["--model", str(tmp_path), files[0]]) == 2
    assert "cannot be loaded as one of our exports: " in capsys.readouterr().err
    with pytest.raises(ModelError, match=r"is an exported version: expected the \.keras file that it was made from"):
        classifier.load_keras(folder / "models" / "roadsigns" / "1")
