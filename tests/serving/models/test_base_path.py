"""What is told of a path that is no folder of versions: the command in the message is for that very model."""

import pytest

from roadsigns.errors import ModelError
from roadsigns.serving.models import base_path


def said(path):
    with pytest.raises(ModelError) as caught:
        base_path.check(path)
    return str(caught.value)


@pytest.fixture
def models(tmp_path):
    """A folder of models, each of a version or two, as several projects have it."""
    for name in ("roadsigns/1", "roadsigns/02", "other/7", "none", ".hidden/1"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "saved_model.pb").touch()
    (tmp_path / "models" / "none" / "saved_model.pb").unlink()
    return tmp_path / "models"


def test_folders_of_versions_and_empty_ones_are_right(models):
    for name in ("roadsigns", "other", "none"):
        base_path.check(models / name)
    assert "waiting for a version in" in base_path.waiting(models / "none")
    assert f"with: roadsigns export --output {models / 'none'} --model FILE.keras; " in base_path.waiting(
        models / "none"
    )


def test_a_folder_too_high(models):
    one, another = models / "other", models / "roadsigns"
    assert said(models) == (
        f"{str(models)!r} is one folder too high: the versions are in {str(one)!r} (others: {str(another)!r}). "
        f"Serve them with: roadsigns serve --model_base_path {one}"
    )


def test_a_version(models):
    assert said(models / "roadsigns" / "02") == (
        f"{str(models / 'roadsigns' / '02')!r} is a version itself: expected the folder above. "
        f"Serve it with: roadsigns serve --model_base_path {models / 'roadsigns'}"
    )


def test_the_folder_that_one_stands_in(models, monkeypatch):
    monkeypatch.chdir(models / "roadsigns" / "1")
    assert said(base_path.Path()).endswith(f"Serve it with: roadsigns serve --model_base_path {models / 'roadsigns'}")


def test_a_saved_model_that_is_no_version(tmp_path):
    model = tmp_path / "my model"
    model.mkdir()
    (model / "saved_model.pb").touch()
    told = said(model)
    assert "is a SavedModel whose name is no number: expected a folder of versions. Serve it with: mkdir " in told
    assert f"cp -r '{model}' '{model}'.versions/1 && roadsigns serve --model_base_path '{model}.versions'" in told


def test_a_keras_file(tmp_path):
    model = tmp_path / "model.keras"
    model.touch()
    assert said(model) == (
        f"{str(model)!r} is a Keras file: expected the folder of exported versions. Serve it with: "
        f"roadsigns export --model {model} && roadsigns serve --model_base_path models/roadsigns"
    )


@pytest.mark.parametrize("finished", [True, False])
def test_the_folder_of_a_run(tmp_path, finished):
    for name in ("config.json", "history.csv", *(["model.keras"] if finished else [])):
        (tmp_path / name).touch()
    told = said(tmp_path)
    assert "is the folder of a training run: expected the folder of exported versions. " in told
    way_out = f"roadsigns export --model {tmp_path / 'model.keras'} && " if finished else f"--resume {tmp_path}"
    assert way_out in told


def test_whatever_else(tmp_path):
    file = tmp_path / "a file"
    file.touch()
    assert said(file) == (
        f"{str(file)!r} is a file: expected the folder of exported versions, such as 'models/roadsigns'"
    )
    assert (
        f"no' is not a folder. Export your model into it with: roadsigns export --output {tmp_path}/no --model "
        in said(tmp_path / "no")
    )
