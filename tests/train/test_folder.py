from __future__ import annotations

import dataclasses
import json
import os
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from roadsigns.config import TrainOptions
from roadsigns.errors import ModelError, UsageError
from roadsigns.train import folder
from roadsigns.train.folder import Run
from roadsigns.train.history import Epoch


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs are named relative to the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def row(epoch: int, accuracy: float = 0.5, loss: float = 1.0) -> Epoch:
    return Epoch(epoch, 2.0 / 3, 0.1 + 0.2, loss, accuracy, 1234.5, 1e-3)


def save(text: str) -> Any:
    return lambda path: path.write_text(text)


def keep(run: Run, *accuracies: float) -> None:
    """Adds one epoch an accuracy; its model is a file that says its number."""
    for accuracy in accuracies:
        epoch = len(run.history) + 1
        run.keep(row(epoch, accuracy), save(str(epoch)))


def models(run: Run) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(run.path.glob("*.keras"))}


def begin(name: str = "runs/a", **options: Any) -> Run:
    return folder.start(TrainOptions(run_dir=Path(name), **options))


def again(name: str = "runs/a", **options: Any) -> Run:
    return folder.resume(TrainOptions(resume=name, **options))


NOW = datetime(2026, 3, 9, 7, 5, 2)


def test_start_names_the_folder_by_date_and_seed() -> None:
    run = folder.start(TrainOptions(seed=7), NOW)
    assert run.path == Path("runs/2026-03-09T07-05-02-7")
    assert run.history == [] and run.options == TrainOptions(seed=7, run_dir=run.path)
    assert [path.name for path in run.path.iterdir()] == ["config.json"]


def test_runs_of_one_second_get_folders_of_their_own() -> None:
    paths = [folder.start(TrainOptions(), NOW).path.name for _ in range(3)]
    assert paths == ["2026-03-09T07-05-02-0", "2026-03-09T07-05-02-0-2", "2026-03-09T07-05-02-0-3"]


def test_runs_that_start_together_get_folders_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither sees the other's folder when it looks; making it decides."""
    first = folder.start(TrainOptions(), NOW)
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path, **how: path != first.path and exists(path, **how))
    assert folder.start(TrainOptions(), NOW).path != first.path


def test_start_takes_an_empty_folder() -> None:
    Path("mine").mkdir()
    assert begin("mine").path == Path("mine")


@pytest.mark.parametrize("taken", ["file", "folder"])
def test_start_refuses_what_is_there(taken: str) -> None:
    path = Path("mine")
    if taken == "folder":
        path.mkdir()
        path /= "notes.txt"
    path.write_text("mine")
    message = "--run-dir 'mine' is there already. Give a new folder, or go on with --resume mine"
    with pytest.raises(UsageError, match=re.escape(message)):
        begin("mine")
    assert path.read_text() == "mine"


def test_start_takes_a_folder_whose_run_was_killed_before_it_had_settings() -> None:
    Path("mine/.0123456789abcdef.unfinished").mkdir(parents=True)
    assert [path.name for path in begin("mine").path.iterdir()] == ["config.json"]


def test_one_process_at_a_time_trains_in_a_folder() -> None:
    run = begin()
    with run.alone():
        with pytest.raises(UsageError, match=re.escape("Another process trains in 'runs/a'. Wait for it, or take")):
            begin()
        with pytest.raises(UsageError, match="Another process trains"), again().alone():
            pass
    with again().alone():
        pass


def test_alone_reads_what_another_has_done_meanwhile() -> None:
    run = begin()
    late = again()
    with run.alone():
        keep(run, 0.5)
    with late.alone():
        assert late.history == [row(1, 0.5)]


def test_settings_are_readable() -> None:
    run = begin(epochs=3, output=Path("out"))
    stored = json.loads((run.path / "config.json").read_text())
    assert stored["epochs"] == 3 and stored["output"] == "out" and stored["run_dir"] == "runs/a"
    assert set(stored) == {item.name for item in dataclasses.fields(TrainOptions)}


def test_resume_gives_the_run_back() -> None:
    run = begin(epochs=30, seed=3, keep_prob=0.25, data="x.zip", data_dir=Path("d"), version=4)
    keep(run, 0.5, 0.75)
    found = again()
    assert found.options == run.options and found.path == run.path
    assert found.history == run.history == [row(1, 0.5), row(2, 0.75)], "floats in every bit"


def test_resume_before_the_first_epoch_starts_over() -> None:
    begin(epochs=2)
    assert again().history == []


@pytest.mark.parametrize(
    ("accuracies", "kept", "best"),
    [
        ([0.5], [1], 1),
        ([0.5, 0.6], [2], 2),
        ([0.6, 0.5], [1, 2], 1),
        ([0.5, 0.9, 0.6, 0.7], [2, 4], 2),
        ([0.5, 0.9, 0.6, 0.95], [4], 4),
        ([0.5, 0.5], [1, 2], 1),
    ],
)
def test_newest_and_best_are_kept(accuracies: list[float], kept: list[int], best: int) -> None:
    run = begin()
    keep(run, *accuracies)
    assert models(run) == {f"epoch-{epoch:04d}.keras": str(epoch) for epoch in kept}
    assert run.chosen.epoch == best
    assert again().chosen.epoch == best


def test_of_equal_accuracies_the_lower_loss_is_best() -> None:
    run = begin()
    for epoch, loss in ((1, 0.3), (2, 0.2), (3, 0.25)):
        run.keep(row(epoch, 0.9, loss), save(str(epoch)))
    assert run.chosen.epoch == 2
    assert list(models(run).values()) == ["2", "3"]


def test_more_than_9999_epochs_stay_in_order() -> None:
    run = begin()
    run.history = [row(epoch) for epoch in range(1, 10_000)]
    run.keep(row(10_000, 0.9), save("10000"))
    assert [each.epoch for each in again().history] == list(range(1, 10_001))


def crash(path: Path) -> None:
    path.write_text("half")
    raise KeyboardInterrupt


@pytest.mark.parametrize("before", [[], [0.5], [0.9, 0.5]])
def test_an_epoch_whose_model_is_not_written_does_not_count(before: list[float]) -> None:
    run = begin()
    keep(run, *before)
    files, history = models(run), list(run.history)
    with pytest.raises(KeyboardInterrupt):
        run.keep(row(len(before) + 1, 0.99), crash)
    assert run.history == history
    found = again()
    assert found.history == history and models(found) == files
    keep(found, 0.99)
    assert [each.epoch for each in again().history] == list(range(1, len(before) + 2))
    assert models(found) == {f"epoch-{len(before) + 1:04d}.keras": str(len(before) + 1)}


def test_an_end_before_the_old_models_are_removed_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin()
    keep(run, 0.5)

    def unlink(path: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "unlink", unlink)
        keep(run, 0.6)
    found = again()
    assert [each.epoch for each in found.history] == [1, 2]
    keep(found, 0.7)
    assert models(found) == {"epoch-0003.keras": "3"}


def test_models_that_a_person_put_there_stay() -> None:
    run = begin()
    own = [run.path / name for name in ("epoch-0001-good.keras", "epoch-best.keras", "epoch-0009.keras")]
    for path in own:
        path.write_text("mine")
    keep(run, 0.5, 0.6, 0.7)
    assert [path.read_text() for path in own] == ["mine"] * 3


def test_an_end_while_the_history_is_written_leaves_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin()
    keep(run, 0.5)

    def replace(*paths: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", replace)
        keep(run, 0.6)
    assert again().history == [row(1, 0.5)]


def test_newest_is_the_last_started_that_is_not_finished() -> None:
    for number, name in enumerate(["b", "a", "c"]):
        run = begin(f"runs/{name}")
        os.utime(run.path / "config.json", ns=(number, number))
    Path("runs/c/metrics.json").write_text("{}")
    assert again("newest").path == Path("runs/a")


@pytest.mark.parametrize("finished", [False, True])
def test_newest_needs_an_unfinished_run(finished: bool) -> None:
    if finished:
        (begin().path / "metrics.json").write_text("{}")
    with pytest.raises(UsageError, match=re.escape("There is no unfinished run in runs/ to resume")):
        again("newest")


def test_resume_refuses_a_finished_run() -> None:
    (begin(epochs=3).path / "metrics.json").write_text("{}")
    with pytest.raises(
        UsageError, match=re.escape("The run in 'runs/a' is finished. Give it more than its 3 epochs with --epochs,")
    ):
        again()


@pytest.mark.parametrize("there", [False, True])
def test_resume_refuses_what_is_no_run(there: bool) -> None:
    if there:
        Path("runs/a").mkdir(parents=True)
    with pytest.raises(UsageError, match=re.escape("There is no run in 'runs/a': expected a folder with config.json")):
        again()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"epochs": 2},
            "The run was started with --epochs 3 and cannot go on with 2. Leave it out, or begin another run like it: "
            "roadsigns train --config runs/a --epochs 2",
        ),
        ({"keep_prob_conv": 0.9}, "started with --keep-prob-conv 0.7 and cannot go on with 0.9"),
    ],
)
def test_resume_refuses_other_settings(changed: dict[str, Any], message: str) -> None:
    begin(epochs=3)
    with pytest.raises(UsageError, match=re.escape(message)):
        again(**changed)


def test_a_finished_run_may_be_given_more_epochs_and_keeps_its_figures() -> None:
    run = begin(epochs=3)
    (run.path / "metrics.json").write_text('{"epochs": 3}')
    longer = again(epochs=5)
    assert longer.options.epochs == 5 and json.loads((run.path / "config.json").read_text())["epochs"] == 3
    with longer.alone():
        assert json.loads((run.path / "config.json").read_text())["epochs"] == 5
        assert (run.path / "metrics-0003.json").read_text() == '{"epochs": 3}'
    assert again().options.epochs == 5, "from then on it is an unfinished run"


def test_resume_may_export_and_track_elsewhere() -> None:
    begin(epochs=3)
    options = again(output=Path("other"), version=2, track="dotscience").options
    assert (options.output, options.version, options.track, options.epochs) == (Path("other"), 2, "dotscience", 3)


def test_resume_takes_the_same_settings_again_and_prints_as_asked() -> None:
    begin(epochs=3)
    found = again(epochs=3, json=True)
    assert found.options.epochs == 3 and found.options.json


def test_a_run_by_a_recipe_and_flags_goes_on_when_the_recipe_is_named_again() -> None:
    begin(recipe="quick", epochs=3)
    assert again(recipe="quick").options.epochs == 3


def test_a_run_that_was_moved_goes_on_where_it_is() -> None:
    keep(begin(), 0.5)
    Path("runs/a").rename("elsewhere")
    found = again("elsewhere")
    assert found.path == found.options.run_dir == Path("elsewhere")
    assert len(found.history) == 1


DAMAGED_SETTINGS = {
    "empty": "",
    "cut off": '{"epochs": 3,',
    "list": "[]",
    "null": "null",
    "unknown": '{"epoch": 3}',
    "value": '{"epochs": 0}',
    "no value": '{"epochs": null}',
}


@pytest.mark.parametrize("text", DAMAGED_SETTINGS.values(), ids=DAMAGED_SETTINGS.keys())
def test_resume_refuses_damaged_settings(text: str) -> None:
    (begin().path / "config.json").write_text(text)
    with pytest.raises(ModelError, match=re.escape("Damaged settings in 'runs/a/config.json': ")):
        again()


def test_resume_refuses_a_damaged_history() -> None:
    run = begin()
    keep(run, 0.5, 0.6)
    (run.path / "history.csv").unlink()
    with pytest.raises(ModelError, match=re.escape("Damaged history in 'runs/a/history.csv'")):
        again()


ENVIRONMENT = {"commit": "abc", "versions": {"keras": "3.15", "numpy": "2.0"}, "machine": {"cores": 2}}


def test_begin_writes_down_the_environment_once() -> None:
    run = begin()
    assert run.begin(ENVIRONMENT) == []
    assert run.environment == ENVIRONMENT
    other = {"commit": "def", "versions": {"keras": "3.16", "jax": "0.9", "numpy": "2.0"}, "machine": {"cores": 4}}
    assert again().begin(other) == [
        "keras: 3.15 when the run began, now 3.16",
        "jax: None when the run began, now 0.9",
        "cores: 2 when the run began, now 4",
    ]
    assert again().environment == ENVIRONMENT


def test_begin_refuses_a_damaged_environment() -> None:
    begin()
    Path("runs/a/environment.json").write_text("{")
    with pytest.raises(ModelError, match=re.escape("Damaged 'runs/a/environment.json'")):
        again().begin(ENVIRONMENT)


def write_model(path: Path) -> None:
    """A zip, as a .keras file is."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights", "8" * 5000)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def test_a_damaged_newest_model_names_the_older_whole_one_as_the_way_out() -> None:
    run = begin("runs/my run")
    for accuracy in (0.4, 0.9, 0.5, 0.6):
        run.keep(row(len(run.history) + 1, accuracy), write_model)
    newest = run.checkpoint(4)
    cut(newest)
    expected = (
        "Damaged model 'runs/my run/epoch-0004.keras': no zip. Without that file the run goes on from epoch 2: "
        "rm -- 'runs/my run/epoch-0004.keras' && roadsigns train '--resume=runs/my run'"
    )
    with pytest.raises(ModelError, match=f"^{re.escape(expected)}$"), run.reading(4) as path:
        assert path == newest
        raise ValueError("no\nzip.")
    newest.unlink()
    assert [row.epoch for row in again("runs/my run").history] == [1, 2]


def test_a_run_whose_chosen_model_is_gone_ends_with_the_best_that_is_left() -> None:
    run = begin()
    for accuracy in (0.9, 0.4, 0.5):
        run.keep(row(len(run.history) + 1, accuracy), write_model)
    cut(run.checkpoint(1))
    with pytest.raises(ModelError, match=r"goes on from epoch 3: rm -- runs/a/epoch-0001\.keras && "), run.reading(1):
        raise OSError("no HDF5 file")
    run.checkpoint(1).unlink()
    assert again().chosen.epoch == 3
    assert again(name="runs/a").history[-1].epoch == 3


def test_a_run_without_any_whole_model_has_to_be_started_anew() -> None:
    run = begin()
    for accuracy in (0.9, 0.4):
        run.keep(row(len(run.history) + 1, accuracy), write_model)
    cut(run.checkpoint(1)), cut(run.checkpoint(2))
    with pytest.raises(ModelError, match=r"No other epoch is kept\. Start a new run without --resume$"), run.reading(2):
        raise ValueError("no zip")


def test_what_the_system_refuses_is_no_damage() -> None:
    run = begin()
    keep(run, 0.5)
    with pytest.raises(PermissionError), run.reading(1):
        raise PermissionError(13, "Permission denied", "epoch-0001.keras")


def test_epochs_that_are_noted_are_written_with_the_next_that_is_kept() -> None:
    run = folder.start(TrainOptions(run_dir=Path("runs/a"), schedule="cosine"))
    run.note(row(1))
    assert (run.kept, again().history) == (0, [])
    run.note(row(2))
    run.keep(row(3), save("three"))
    run.note(row(4))
    assert run.kept == 3 and [each.epoch for each in run.history] == [1, 2, 3, 4]
    assert [each.epoch for each in again().history] == [1, 2, 3], "the fourth is lost with the process"
