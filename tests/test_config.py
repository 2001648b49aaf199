"""The tables: every option has its help, kind and default."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from roadsigns import config
from roadsigns.kinds import Kind
from roadsigns.options import Options

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
