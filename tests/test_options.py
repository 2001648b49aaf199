"""Tables of options, and who has the last word on a value."""

from __future__ import annotations

import dataclasses
import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

from roadsigns import cli
from roadsigns.config import EvaluateOptions, PredictOptions, ServeOptions, TrainOptions
from roadsigns.errors import UsageError


def by_command_line(*flags: str) -> TrainOptions:
    return cli.parse(TrainOptions, flags, verb="train", about="", examples=())


def by_python(*flags: str) -> TrainOptions:
    """The same in Python: `--batch-size 8` is `batch_size="8"`."""
    return TrainOptions(
        **{flag[2:].replace("-", "_"): value for flag, value in zip(flags[::2], flags[1::2], strict=True)}
    )


@pytest.fixture
def run_config(tmp_path: Path) -> str:
    path = tmp_path / "config.json"
    stored = TrainOptions(epochs=7, batch_size=8, seed=3, output=Path("there"), json=True)
    path.write_text(json.dumps(stored.as_json()))
    return str(path)


ORDER: dict[str, tuple[list[str], dict[str, str], bool, int]] = {
    "nothing": ([], {}, False, 15),
    "recipe": (["--recipe", "quick"], {}, False, 6),
    "config": ([], {}, True, 7),
    "variable": ([], {"EPOCHS": "30"}, False, 30),
    "flag": (["--epochs", "2"], {}, False, 2),
    "variable before recipe": (["--recipe", "quick"], {"EPOCHS": "30"}, False, 30),
    "variable before config": ([], {"EPOCHS": "30"}, True, 30),
    "config before its recipe": (["--recipe", "notebook"], {}, True, 7),
    "flag before variable and config": (["--epochs", "2"], {"EPOCHS": "30"}, True, 2),
    "flag before variable and recipe": (["--epochs", "2", "--recipe", "quick"], {"EPOCHS": "30"}, False, 2),
    "flag with the default's value": (["--epochs", "15", "--recipe", "quick"], {}, False, 15),
    "empty variable": (["--recipe", "quick"], {"EPOCHS": ""}, False, 6),
}


@pytest.mark.parametrize(("flags", "environ", "with_config", "epochs"), ORDER.values(), ids=ORDER.keys())
@pytest.mark.parametrize("ask", [by_command_line, by_python])
def test_flag_then_environment_then_config_then_recipe_then_default(
    ask: Any,
    flags: list[str],
    environ: dict[str, str],
    with_config: bool,
    epochs: int,
    run_config: str,
    monkeypatch: Any,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert ask(*flags, *(["--config", run_config] if with_config else [])).epochs == epochs


@pytest.mark.parametrize("ask", [by_command_line, by_python])
def test_a_recipe_sets_all_that_is_its_own_and_nothing_else(ask: Any) -> None:
    made, plain = ask("--recipe", "quick", "--seed", "4"), ask()
    changed = {item.name for item in dataclasses.fields(made) if getattr(made, item.name) != getattr(plain, item.name)}
    assert changed == {
        *("recipe", "seed", "epochs", "batch_size", "learning_rate", "schedule", "precision"),
        *("keep_prob", "keep_prob_conv", "average_momentum", "network", "weight_decay", "augment"),
    }
    assert (made.learning_rate, made.schedule, made.keep_prob_conv) == (0.003, "cosine", 1.0)


@pytest.mark.parametrize("ask", [by_command_line, by_python])
def test_a_config_gives_settings_and_leaves_places_alone(ask: Any, run_config: str) -> None:
    options = ask("--config", run_config, "--seed", "0")
    assert options == TrainOptions(epochs=7, batch_size=8, seed=0, config=Path(run_config))
    assert (options.output, options.json) == (TrainOptions().output, False)


@pytest.mark.parametrize("ask", [by_command_line, by_python])
def test_a_recipe_beside_the_config_of_another_is_refused(ask: Any, run_config: str) -> None:
    """The file holds every setting, so that the recipe would change nothing but the name of the run's recipe."""
    with pytest.raises(UsageError, match=re.escape(f"--recipe quick beside --config {run_config}")) as caught:
        ask("--recipe", "quick", "--config", run_config)
    assert "recipe notebook" in str(caught.value) and "Leave --recipe out" in str(caught.value)


BAD_CONFIGS = {
    "not JSON": ("{", "is not JSON: "),
    "deep": ("[" * 100_000, "is not JSON: "),
    "list": ("[]", "holds 'no object'"),
    "other setting": ('{"epoch": 3}', "holds 'epoch'. Expected the config.json of a run"),
    "value": ('{"epochs": 0}', "Invalid value for 'epochs' in "),
    "recipe": ('{"recipe": "quik"}', "Invalid value for 'recipe' in "),
}


@pytest.mark.parametrize(("text", "message"), BAD_CONFIGS.values(), ids=BAD_CONFIGS.keys())
@pytest.mark.parametrize("ask", [by_command_line, by_python])
def test_config_that_is_none_is_refused(ask: Any, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(UsageError, match=re.escape(message)):
        ask("--config", str(tmp_path / "c.json"))


def test_a_runs_folder_is_its_config(run_config: str) -> None:
    assert by_command_line("--config", str(Path(run_config).parent)).epochs == 7


def test_config_that_is_missing_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        by_command_line("--config", str(tmp_path / "c.json"))


def test_a_value_is_named_by_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    for ask, name in ((by_command_line, "--recipe"), (by_python, "`recipe`")):
        message = f"{name}: expected notebook, quick, best or own. Received: 'quik'"
        with pytest.raises(UsageError, match=re.escape(message)):
            ask("--recipe", "quik")
        with pytest.raises(UsageError, match="Invalid value for EPOCHS: "), monkeypatch.context() as patch:
            patch.setenv("EPOCHS", "abc")
            ask()


def test_options_tell_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments, or flags, and variables; neither what a recipe says nor the defaults."""
    monkeypatch.setenv("USE_IMAGE_PERCENT", "5")
    assert TrainOptions("gtsrb", recipe="quick", seed=0).asked == {"data", "recipe", "seed", "use_image_percent"}
    assert by_command_line("--recipe", "quick").asked == {"recipe", "use_image_percent"}


def test_resolved_options_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied, pickled, or with one field replaced, in another environment."""
    made = TrainOptions(recipe="quick")
    monkeypatch.setenv("EPOCHS", "99")
    assert pickle.loads(pickle.dumps(made)) == made
    assert dataclasses.replace(made, seed=1).epochs == 6
    assert TrainOptions(**made.as_json()) == made


def test_flags_repeat_the_options() -> None:
    """By the command line itself, with every digit; a place, and what is not set, stands for nothing."""
    made = TrainOptions(
        data="gtsrb+synthetic",
        count=430,
        redraw=True,
        recipe="quick",
        learning_rate=0.0012345678901,
        seed=7,
        output=Path("elsewhere"),
        version=3,
        track="mlflow",
        json=True,
    )
    flags = made.flags()
    assert by_command_line(*flags) == dataclasses.replace(made, output=TrainOptions().output, version=None, **UNSAID)
    assert flags[:6] == ["--data", "gtsrb+synthetic", "--count", "430", "--recipe", "quick"]
    assert "--redraw" in flags and "--keep-prob-conv" in flags and flags[flags.index("--keep-prob-conv") + 1] == "1"


UNSAID: dict[str, Any] = {"track": None, "json": False}


@pytest.mark.parametrize("data", ["/home/me/traffic-signs-data.zip", "signs.zip", "signs", Path("a/b")])
def test_flags_name_no_path_of_a_machine(data: Any) -> None:
    flags = TrainOptions(data=data, data_dir=Path("/scratch/me")).flags()
    assert flags[:4] == ["--data", "PATH", "--data-dir", "DIR"]


def test_flags_of_other_tables() -> None:
    served = ServeOptions(enable_batching=False, model_base_path=Path("m")).flags()
    assert cli.parse(ServeOptions, [*served, "--model_base_path", "m"], verb="serve", about="", examples=()) == (
        ServeOptions(enable_batching=False, model_base_path=Path("m"))
    )
    assert "--split" in EvaluateOptions().flags()
    assert PredictOptions(files=(Path("a b.png"), Path("c.png"))).flags() == ["FILE"]


@pytest.mark.parametrize("ask", [by_command_line, by_python])
def test_a_recipe_says_nothing_of_drawn_signs_where_there_are_none(ask: Any) -> None:
    drawn = ask("--recipe", "best")
    assert (drawn.data, drawn.count, drawn.redraw, drawn.network) == ("gtsrb+synthetic", 34_800, True, "small")
    real = ask("--recipe", "best", "--data", "signs.zip")
    assert (real.data, real.count, real.redraw, real.epochs) == ("signs.zip", None, False, drawn.epochs)
    assert ask("--recipe", "best", "--network", "best").keep_prob == 0.5
