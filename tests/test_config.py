"""The tables: every option has its help, kind and default."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from roadsigns import config
from roadsigns.config import TrainOptions
from roadsigns.errors import UsageError
from roadsigns.options import Kind, Options

EVERY = [
    config.DataOptions,
    config.DataCommandOptions,
    config.ModelOptions,
    config.TrainOptions,
    config.EvaluateOptions,
    config.PredictOptions,
    config.ExportOptions,
    config.ServeOptions,
    config.AppOptions,
    config.AppdataOptions,
]

BAD_OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "epochs": ({"epochs": 0}, "Invalid value for `epochs`: expected a whole number of at least 1 and at most"),
    "keep_prob": ({"keep_prob": 1.3}, "Invalid value for `keep_prob`: expected a number above 0 and at most 1."),
    "keep_prob_conv": ({"keep_prob_conv": 0}, "Invalid value for `keep_prob_conv`: expected a number above 0"),
    "track": ({"track": "wandb"}, "Invalid value for `track`: expected dotscience or mlflow. Received: 'wandb'"),
    "version": ({"version": -1}, "Invalid value for `version`: expected a whole number of at least 0"),
    "none": ({"epochs": None}, "at least 1 and at most 1000000. Received: None"),
}


@pytest.mark.parametrize(("given", "message"), BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys())
def test_options_reject(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        TrainOptions(**given)


def test_options_read_text() -> None:
    options = TrainOptions(epochs="3", output="out", version="7")  # type: ignore[arg-type]
    assert (options.epochs, options.output, options.version) == (3, Path("out"), 7)


def test_train_options_default_to_the_notebooks_values() -> None:
    """`EPOCHS` and `USE_IMAGE_PERCENT` excepted: its 2 and 1 end at about 5 %."""
    options = TrainOptions()
    assert (options.batch_size, options.learning_rate) == (64, 0.001)
    assert (options.keep_prob, options.keep_prob_conv) == (0.5, 0.7)
    assert options.output == Path("models/roadsigns")


@pytest.mark.parametrize("options", EVERY)
def test_every_option_has_help_and_a_default_of_its_kind(options: type[Options]) -> None:
    assert options() == options(), "constructed without an argument"
    for item in dataclasses.fields(options):
        assert item.metadata["help"] and "\n" not in item.metadata["help"]
        assert isinstance(item.metadata["kind"], Kind)


@pytest.mark.parametrize("options", EVERY)
def test_options_are_frozen(options: type[Options]) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        options().json = True  # type: ignore[attr-defined]


@pytest.mark.parametrize("options", EVERY)
def test_options_as_json_give_the_options_back(options: type[Options]) -> None:
    paths = {"data_dir": Path("d"), "model": Path("m"), "output": Path("o"), "files": (Path("a.png"), Path("b.png"))}
    names = {item.name for item in dataclasses.fields(options)}
    made = options(**{name: value for name, value in paths.items() if name in names})
    assert options(**json.loads(json.dumps(made.as_json()))) == made
