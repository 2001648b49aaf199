"""From picture files to names, through each kind of model."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from pictures import draw_signs
from roadsigns import export, models, networks, predict, signs
from roadsigns.errors import ModelError, UsageError


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
    return json.loads(capsys.readouterr().out)


def test_predict_names_five_classes_for_each_file(folder, files, capsys):
    assert predict.main(["--model", str(folder / "model.keras"), *files]) == 0
    lines = capsys.readouterr().out.splitlines()
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
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert "sign.gif' is a picture of GIF format: expected PNG or JPEG" in output.err
    assert predict.main([str(tmp_path / "missing.png")]) == 2
    assert f"{str(tmp_path / 'missing.png')!r}: No such file" in capsys.readouterr().err


def test_predict_refuses_a_damaged_export_and_an_export_of_another_kind(folder, files, tmp_path, capsys):
    (tmp_path / "saved_model.pb").write_bytes(b"not a graph")
    assert predict.main(["--model", str(tmp_path), files[0]]) == 2
    assert "cannot be loaded as one of our exports: " in capsys.readouterr().err
    with pytest.raises(ModelError, match=r"is an exported version: expected the \.keras file that it was made from"):
        models.load_keras(folder / "models" / "roadsigns" / "1")


def test_check_finds_what_a_path_means(folder):
    versions = folder / "models" / "roadsigns"
    assert models.check(versions) == models.check(versions / "1") == versions / "1"
    assert models.check(folder / "model.keras") == folder / "model.keras"
    assert models.check(None) == models.shipped()
    for wrong in (folder, folder / "0.png", folder / "nothing"):
        with pytest.raises(UsageError, match=re.escape(f"--model {str(wrong)!r} is ")):
            models.check(wrong)


def test_check_takes_the_highest_version(tmp_path):
    for number in ("9", "10"):
        (tmp_path / number).mkdir()
        (tmp_path / number / "saved_model.pb").write_bytes(b"")
    (tmp_path / ".11.tmp").mkdir()
    assert models.check(tmp_path) == tmp_path / "10"
