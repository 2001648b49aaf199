"""README.md and docs/ name every flag, variable, command, signature and route; commands run, and figures have files."""

import contextlib
import dataclasses
import importlib.util
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import roadsigns
from roadsigns import config, exported
from roadsigns.options import Options
from roadsigns.recipes import RECIPES
from roadsigns.verbs import VERBS

ROOT = Path(__file__).parent.parent
PACKAGE = Path(roadsigns.__file__).parent
FIXTURES = ROOT / "fixtures"
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
SERVING, TRAINING, MODEL = DOCS["serving.md"], DOCS["training.md"], DOCS["model.md"]
NOT_OF_A_VERB = ("--pictures",)
"""Of `python -m roadsigns.app.appdata`."""
TABLES = [
    table
    for table in vars(config).values()
    if isinstance(table, type) and issubclass(table, Options) and table is not config.ServeOptions
]
OPTIONS = {table.flag(option.name): option for table in TABLES for option in dataclasses.fields(table)}


def test_the_page_of_commands_is_what_the_tables_say():
    """If not: `python docs/commands.py`."""
    spec = importlib.util.spec_from_file_location("commands", ROOT / "docs" / "commands.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert DOCS["commands.md"] == made.page()
    for flag, option in OPTIONS.items():
        assert option.metadata["positional"] or f"| `{flag}` |" in DOCS["commands.md"] or flag in NOT_OF_A_VERB


@pytest.mark.parametrize("verb", VERBS)
def test_readme_names_every_command(verb):
    module = VERBS[verb].module.removesuffix(".__main__")
    assert f"`python -m {module}` | `roadsigns {verb}`" in README


@pytest.mark.parametrize("name", ["epochs", "use_image_percent", "batch_size", "learning_rate", "keep_prob", "seed"])
def test_docs_state_the_defaults_of_training(name):
    flag = f"--{name.replace('_', '-')}"
    row = next(line for line in TRAINING.splitlines() if line.startswith(f"| `{flag}`"))
    assert float(row.split("|")[3]) == OPTIONS[flag].default


@pytest.mark.parametrize("name", RECIPES["quick"].settings())
def test_docs_state_what_the_quick_recipe_sets(name):
    row = next(line for line in TRAINING.splitlines() if line.startswith(f"| `{config.TrainOptions.flag(name)}`"))
    kind = OPTIONS[config.TrainOptions.flag(name)].metadata["kind"]
    assert kind.read(row.split("|")[4].strip()) == RECIPES["quick"].settings()[name]


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


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_links_lead_to_files(path):
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link


@pytest.mark.parametrize("name", ["best", "quick"])
def test_readme_has_the_figures_of_the_recipes(name):
    row = next(line for line in README.splitlines() if line.startswith("|") and f"--recipe {name}`" in line)
    *_, accuracy, minutes, _ = (cell.strip() for cell in row.split("|"))
    assert accuracy == f"{RECIPES[name].test_accuracy:.1%}".replace("%", " %")
    assert minutes == f"{RECIPES[name].minutes:.0f} minutes"


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


def commands():
    """Each command of each block, without the folder of the environment that it is installed in."""
    for block in re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            for command in line.split(" && "):
                yield re.sub(r"python -m roadsigns\.(\w+)", r"roadsigns \1", command.replace(".venv/bin/", ""))


COMMANDS = list(dict.fromkeys(commands()))
OURS = [command for command in COMMANDS if command.startswith("roadsigns ")]
CURLS = [command for command in COMMANDS if command.startswith("curl ")]
DOCKER = [command for command in COMMANDS if command.startswith("docker ")]
# `tox` does the like before these tests; .ci/run holds it to the letter.
INSTALLING = {"python3 -m venv .venv", "pip install -q .", "pip install -q tox", "tox"}
SMALLER = {
    "train": "--data traffic-signs-data.zip --epochs 1 --use-image-percent 10",
    "data": "--count 43 --data-dir drawn",
    "serve": "--port 0 --rest_api_port auto",
    "app": "--port 0",
}


def test_readme_has_no_command_that_is_not_tried():
    assert set(COMMANDS) == {*OURS, *CURLS, *DOCKER} | INSTALLING & set(COMMANDS)
    assert {command.split()[1] for command in OURS} >= {"train", "predict", "export", "serve", "app"}


@pytest.mark.parametrize("command", OURS)
def test_readme_commands_have_flags_that_are_known(command):
    verb, *flags = shlex.split(command)[1:]
    VERBS[verb].parse(flags)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(PACKAGE / "app" / "www" / "images", folder / "roadsigns" / "app" / "www" / "images")
    shutil.copy(FIXTURES / "drawn-signs.zip", folder / "traffic-signs-data.zip")
    return folder


def environment():
    ours = ("EPOCHS", "USE_IMAGE_PERCENT", "TENSORFLOW_HOST", "PORT")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "PATH": path, "PYTHONPATH": str(PACKAGE.parent)}


@contextlib.contextmanager
def running(command, cwd):
    """Start a server; yield the address that it says it is at."""
    process = subprocess.Popen(
        shlex.split(command), cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"http://(127\.0\.0\.1:\d+)", line):
                yield found[1]
                break
        else:
            pytest.fail(said)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_readme_commands_run(here):
    """In their order, with smaller settings where there are some; of each verb the first, as the others only differ."""
    firsts = {command.split()[1]: command for command in reversed(OURS)}
    for command in (command for command in OURS if command in firsts.values()):
        verb = command.split()[1]
        line = f"{command} {SMALLER.get(verb, '')}"
        if verb in ("serve", "app"):
            with running(line, here) as address:
                for curl in CURLS if verb == "serve" else [f"curl http://{address}/"]:
                    asked = shlex.split(curl.replace("localhost:8501", address))
                    done = subprocess.run([*asked, "-sf"], capture_output=True, text=True)
                    assert done.returncode == 0, curl
                    if verb == "serve":
                        assert "probabilities" in done.stdout
        else:
            done = subprocess.run(shlex.split(line), cwd=here, env=environment(), capture_output=True, text=True)
            assert (done.returncode, done.stderr) == (0, done.stderr if verb == "data" else ""), line


def test_readme_shows_what_predict_says():
    [shown] = re.findall(r"^```text\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    command = next(command for command in OURS if command.startswith("roadsigns predict"))
    done = subprocess.run(
        [*shlex.split(command), "--model=small"], cwd=PACKAGE.parent, env=environment(), capture_output=True, text=True
    )
    _, *said = done.stdout.splitlines()  # after the line that says which model
    assert said[:2] == shown.splitlines()[:2] and len(said) == len(shown.splitlines())


@pytest.mark.parametrize("command", DOCKER)
def test_readme_docker_commands_name_what_is_there(command):
    """Without Docker: the Dockerfile, the folders and ports, and that our variables are ones that are read."""
    words = shlex.split(command)
    for flag, value in itertools.pairwise(words):
        if flag == "-f":
            assert (ROOT / value).is_file()
        elif flag == "-v":
            assert value == "$PWD/models/roadsigns:/models/roadsigns_model"
            assert value.split(":")[0].endswith(str(exported.MODELS)) and value.endswith(f"/{exported.MODEL_NAME}")
        elif flag == "-e":
            assert value.split("=")[0] in {"MODEL_NAME", *VARIABLES}
        elif flag == "-p":
            assert value in ("8501:8501", "8000:80")


VARIABLES = {
    name
    for file in PACKAGE.rglob("*.py")
    for name in re.findall(r'environ(?:\.\w+)?[(\[]"(\w+)"', file.read_text(encoding="utf-8"))
} | {option.metadata["env"] for option in OPTIONS.values() if option.metadata["env"]}
NOT_OURS = {"TF_CPP_MIN_LOG_LEVEL", "DOTSCIENCE_WORKLOAD_TYPE", "DOTSCIENCE_PROJECT_DOT_ROOT", "RAY_USE_TLS"}
NOT_OURS |= {"RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"}
"""TensorFlow's, Dotscience's and Ray's: nobody sets them for us."""


def test_variables_are_found():
    assert {"EPOCHS", "PORT", "KERAS_BACKEND", "XDG_CACHE_HOME", *NOT_OURS} <= VARIABLES


@pytest.mark.parametrize("name", sorted(VARIABLES - NOT_OURS))
def test_docs_name_every_variable(name):
    assert re.search(rf"`{name}[`=]", "\n".join([README, *DOCS.values()]))


def test_docs_name_every_signature_with_inputs_and_outputs():
    from roadsigns import graph, networks

    _, signatures = graph.serving_module(networks.build("notebook", 0))
    for name, function in signatures.items():
        row = next(line for line in MODEL.splitlines() if line.startswith(f"| `{name}` |"))
        above = next(line for line in MODEL.splitlines() if line.startswith("| `predict_images` |"))
        described = above if "the same" in row else row
        for word in function.structured_input_signature[1]:
            assert f"`{word}`" in row.split("|")[2]
        for word in function.structured_outputs:
            assert f"`{word}`" in described.split("|")[3]


def test_docs_name_every_route():
    from roadsigns.serving import metrics, rest

    extra = set(re.findall(r'path == "(/\w+)"', Path(rest.__file__).read_text(encoding="utf-8")))
    assert {"/healthz", "/readyz"} <= extra
    for route in (*extra, metrics.DEFAULT_PATH, "/", "/v1"):
        assert f"`{route}`" in SERVING


def test_readme_is_a_page():
    assert len(README.splitlines()) <= 185
