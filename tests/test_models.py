"""Which model is meant: by name, by each kind of path, by none; and what is said of a path that means none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from roadsigns import models
from roadsigns.errors import UsageError
from roadsigns.networks.table import TABLE


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with each kind of model and each kind of near miss; `models/roadsigns` is not there."""
    monkeypatch.chdir(tmp_path)
    for version in ("9", "10"):
        touch(f"exports/roadsigns/{version}/saved_model.pb")
    touch("exports/roadsigns/10/assets/signnames.csv")
    Path("exports/roadsigns/11").mkdir()  # being copied, or a stranger's
    Path("exports/roadsigns/12").touch()
    touch("runs/a/model.keras")
    touch("runs/a/config.json")
    touch("runs/cut/config.json")
    touch("runs/cut/epoch-0003.keras")
    touch("runs/begun/config.json")
    touch("photo.jpg")
    touch("model.h5")
    touch("mine.keras")
    Path("empty").mkdir()
    return tmp_path


def touch(name: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).touch()


FOUND: dict[str, tuple[Any, str, str]] = {
    "version": ("exports/roadsigns/9", "exports/roadsigns/9", "exports/roadsigns/9"),
    "version above": ("exports/roadsigns", "exports/roadsigns/10", "exports/roadsigns/10, the newest version there"),
    "path object": (
        Path("exports/roadsigns"),
        "exports/roadsigns/10",
        "exports/roadsigns/10, the newest version there",
    ),
    "run": ("runs/a", "runs/a/model.keras", "runs/a/model.keras, the best epoch of that run"),
    "file": ("mine.keras", "mine.keras", "mine.keras"),
    "epoch of a run": (
        "runs/cut/epoch-0003.keras",
        "runs/cut/epoch-0003.keras",
        "runs/cut/epoch-0003.keras, an epoch of a run as it stood: neither averaged nor calibrated, which the end of "
        "the run does",
    ),
}


@pytest.mark.parametrize(("model", "path", "said"), FOUND.values(), ids=FOUND.keys())
def test_a_path_means_what_lies_there(model: Any, path: str, said: str) -> None:
    found = models.find(model)
    assert (found.path, str(found), found.is_shipped) == (Path(path), said, False)
    assert found.is_export == ("exports" in path)


def test_a_network_without_shipped_weights_is_told_from_a_slip() -> None:
    """`roadsigns train --network tiny` is meant."""
    network = next(name for name in TABLE if name not in models.NAMES)
    with pytest.raises(UsageError) as refused:
        models.find(network)
    assert str(refused.value) == (
        f"--model {network!r} is a network without shipped weights. Shipped are {' and '.join(models.NAMES)}. "
        f"Train it: roadsigns train --recipe best --network {network}"
    )


def test_a_name_means_shipped_weights_also_beside_a_folder_of_the_name() -> None:
    Path("notebook").mkdir()
    found = models.find("notebook")
    assert found.path == models.shipped("notebook") and found.is_shipped and not found.is_export
    assert str(found) == "notebook, the weights that come with the package"
    with pytest.raises(UsageError, match=re.escape("--model 'notebook' is an empty folder")):
        models.find("./notebook")


def test_no_model_means_the_newest_that_was_exported_here_or_else_the_shipped_one() -> None:
    found = models.find(None)
    assert found.is_shipped and found.path == models.shipped()
    assert str(found) == f"{models.DEFAULT}, the weights that come with the package (there is none in models/roadsigns)"
    touch("models/roadsigns/2/saved_model.pb")
    touch("models/roadsigns/10/saved_model.pb")
    Path("models/roadsigns/11").mkdir()
    found = models.find(None)
    assert (found.path, found.is_shipped) == (Path("models/roadsigns/10"), False)
    assert str(found) == "models/roadsigns/10, the newest version there"


def test_every_shipped_name_is_a_file() -> None:
    assert models.DEFAULT in models.NAMES
    assert all(models.shipped(name).is_file() for name in models.NAMES)


WAYS = "Expected: notebook, small, a version's folder, the folder above it, a run's folder or a .keras file"
MISSED: dict[str, tuple[str, str]] = {
    "nothing": ("nothing", f"--model 'nothing' is not there. {WAYS}. Leave --model out for the newest in models/roa"),
    "misspelt name": ("notebok", "--model 'notebok' is not there. Did you mean notebook?"),
    "one too high": ("exports", "--model 'exports' is a folder too high. Expected: 'exports/roadsigns'"),
    "runs": ("runs", "--model 'runs' holds runs. Expected: the folder of one, such as 'runs/a'"),
    "unfinished run": ("runs/cut", "is a run that is not finished. Finish it: roadsigns train --resume runs/cut. Or"),
    "its newest epoch": ("runs/cut", "take its newest epoch, 'runs/cut/epoch-0003.keras'"),
    "run before its first epoch": ("runs/begun", "not finished. Finish it: roadsigns train --resume runs/begun"),
    "below a version": ("exports/roadsigns/10/assets", "is a part of a version. Expected: 'exports/roadsigns/10'"),
    "graph of a version": ("exports/roadsigns/9/saved_model.pb", "part of a version. Expected: 'exports/roadsigns/9'"),
    "version without a graph": ("exports/roadsigns/11", "is a version without saved_model.pb. Copy it again"),
    "empty": ("empty", f"--model 'empty' is an empty folder. {WAYS}"),
    "picture": ("photo.jpg", f"--model 'photo.jpg' is another file. {WAYS}"),
    "older Keras": ("model.h5", "--model 'model.h5' is a file of Keras 2, or of weights alone. Save the"),
}


@pytest.mark.parametrize(("model", "message"), MISSED.values(), ids=MISSED.keys())
def test_a_path_that_means_none_is_told_what_it_is(model: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        models.find(model)


def test_a_folder_that_cannot_be_read_is_an_error_of_the_system() -> None:
    Path("circle").symlink_to("circle")
    with pytest.raises((UsageError, OSError)):
        models.find("circle")
