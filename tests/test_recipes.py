"""The recipes: settings that options take, and headers that say what a result file holds."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from roadsigns import cli
from roadsigns.config import TrainOptions
from roadsigns.recipes import RECIPES, Recipe

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"


def test_the_notebooks_recipe_is_the_options_own_defaults() -> None:
    assert RECIPES["notebook"].settings() == {}
    assert TrainOptions(recipe="notebook") == TrainOptions()


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_sets_what_options_take(name: str) -> None:
    settings = RECIPES[name].settings()
    assert TrainOptions(**settings).as_json() == TrainOptions().as_json() | settings


@pytest.mark.parametrize("name", RECIPES)
def test_the_command_of_a_header_trains_by_the_recipe(name: str) -> None:
    program, *flags = shlex.split(RECIPES[name].command.removeprefix("roadsigns "))
    options = cli.parse(TrainOptions, flags, verb="train", about="", examples=())
    assert (program, options.recipe) == ("train", name)


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.minutes is not None])
def test_the_figures_of_a_header_stand_in_a_result_file(name: str) -> None:
    recipe = RECIPES[name]
    flags = shlex.split(recipe.command)[2:]
    options = cli.parse(TrainOptions, flags, verb="train", about="", examples=())
    rows = [row for path in RESULTS.glob("accuracy-*.json") for row in json.loads(path.read_text(encoding="utf-8"))]
    said = [row for row in rows if round(row["test_accuracy"], 4) == recipe.test_accuracy]
    assert [round(row["train_minutes"], 1) for row in said] == [recipe.minutes]
    [row] = said
    assert row["recipe"].partition("+")[0] == name and row["epochs"] == options.epochs
    assert f"{row['machine']['cores']} cores, {row['machine']['processor']}" == recipe.machine


def test_a_recipe_may_say_more_for_one_network() -> None:
    recipe = Recipe(
        about="tried here",
        test_accuracy=0.5,
        minutes=1,
        machine="a machine",
        command="roadsigns train",
        common={"epochs": 9, "network": "small"},
        by_network={"small": {"batch_size": 32}, "large": {"epochs": 3}},
    )
    assert recipe.settings() == {"epochs": 9, "network": "small", "batch_size": 32}
    assert recipe.settings("large") == {"epochs": 3, "network": "small"}, "what is asked for wins over its `network`"
    assert recipe.settings("other") == {"epochs": 9, "network": "small"}


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        (["--data", "synthetic"], 86_000),
        (["--data", "synthetic", "--count", "50"], 50),
        (["--data", "synthetic", "--designs", "swedish"], None),
        (["--data", "gtsrb"], None),
        (["--data", "my-synthetic-signs"], None),
    ],
)
def test_the_quick_recipe_says_how_many_german_signs_are_drawn(flags: list[str], count: int | None) -> None:
    """Else a few signs that were drawn for another purpose would be what it learns from."""
    options = cli.parse(TrainOptions, ["--recipe", "quick", *flags], verb="train", about="", examples=())
    assert options.count == count
