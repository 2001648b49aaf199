"""README.md names every flag, variable, command and signature, and its figures stand in `benchmarks/results/`."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from roadsigns import config
from roadsigns.__main__ import VERBS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SERVING = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
TABLES = [table for table in vars(config).values() if isinstance(table, type) and issubclass(table, config.Options)]
OPTIONS = {table.flag(option.name): option for table in TABLES for option in dataclasses.fields(table)}


@pytest.mark.parametrize("flag", OPTIONS)
def test_readme_names_every_flag_and_variable(flag):
    option = OPTIONS[flag]
    if not option.metadata["positional"]:
        assert re.search(rf"`{flag}[`= ]", README)
    if option.metadata["env"]:
        assert f"`{option.metadata['env']}`" in README


@pytest.mark.parametrize("verb", VERBS)
def test_readme_names_every_command(verb):
    module = VERBS[verb][0].removesuffix(".__main__")
    assert f"`python -m {module}` | `roadsigns {verb}`" in README


@pytest.mark.parametrize("name", ["epochs", "use_image_percent", "batch_size", "learning_rate", "keep_prob", "seed"])
def test_readme_states_the_defaults(name):
    flag = f"--{name.replace('_', '-')}"
    row = next(line for line in README.splitlines() if line.startswith(f"| `{flag}`"))
    assert float(row.split("|")[3]) == OPTIONS[flag].default


@pytest.mark.parametrize("name", config.RECIPES["quick"])
def test_readme_states_what_the_quick_recipe_sets(name):
    row = next(line for line in README.splitlines() if line.startswith(f"| `{config.TrainOptions.flag(name)}`"))
    kind = OPTIONS[config.TrainOptions.flag(name)].metadata["kind"]
    assert kind.read(row.split("|")[4].strip()) == config.RECIPES["quick"][name]


@pytest.mark.parametrize("option", dataclasses.fields(config.ServeOptions), ids=lambda option: option.name)
def test_docs_state_the_servers_defaults(option):
    row = next(line for line in SERVING.splitlines() if line.startswith(f"| `--{option.name}` |"))
    shown = row.split("|")[2].strip().strip("`").replace(",", "")
    if option.default is None:
        assert shown == ""
    else:
        assert option.metadata["kind"].read(shown) == option.default


def test_readme_test_command_is_what_is_run_on_every_submission():
    command = "python3 -m venv .venv && .venv/bin/pip install -q tox && .venv/bin/tox"
    assert f"```sh\n{command}\n```" in README
    assert command in (ROOT / ".ci" / "run").read_text().splitlines()


def test_readme_links_lead_to_files():
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / link).exists(), link


def test_result_files_have_the_agreed_keys():
    common = {"name", "command", "commit", "date", "machine", "versions"}
    training = {"network", "parameters", "multiply_adds", "recipe", "trained_on", "seeds", "epochs", "train_minutes"}
    training |= {"validation_accuracy", "test_accuracy"}
    comparison = {"subject", "rival", "unit", "subject_value", "rival_value", "ratio"}
    for path in (ROOT / "benchmarks" / "results").glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        for result in content if isinstance(content, list) else [content]:
            if "benchmarks" in result:  # pytest-benchmark's own form
                assert result["machine_info"]["roadsigns"]["commit"], path
            else:
                kind = comparison if "rival" in result else training if "network" in result else set()
                assert common | kind <= set(result), path


def test_readme_is_short():
    assert len(README.splitlines()) < 300
