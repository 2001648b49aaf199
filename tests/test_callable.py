"""`roadsigns.train(...)` and `roadsigns.evaluate(...)`: verbs in Python."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import roadsigns
from roadsigns import data
from roadsigns.config import EvaluateOptions, TrainOptions
from roadsigns.errors import UsageError

SIGNS = Path(__file__).parent.parent / "fixtures" / "drawn-signs.zip"


def test_evaluate_gives_what_a_count_by_hand_gives(tmp_path: Path) -> None:
    found = roadsigns.evaluate(model="small", data=str(SIGNS), data_dir=tmp_path)
    split = data.load(str(SIGNS), tmp_path).split("test")
    right = roadsigns.load("small").classify_pixels(split.images).argmax(axis=1) == split.labels
    assert found["pictures"] == len(split.labels)
    assert found["accuracy"] == pytest.approx(np.mean(right))
    assert json.loads(json.dumps(found)) == found


def test_train_leaves_a_run_and_an_export_and_gives_its_figures(tmp_path: Path) -> None:
    """In a process of its own, whose Keras is as it begins."""
    program = (
        "import roadsigns, json;"
        f"found = roadsigns.train(network='tiny', data={str(SIGNS)!r}, data_dir='d', epochs=1, quiet=True);"
        "print(json.dumps(found))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "runs").iterdir()
    assert json.loads(done.stdout) == json.loads((run / "metrics.json").read_text())
    assert (tmp_path / "models" / "roadsigns" / "1" / "saved_model.pb").is_file()


@pytest.mark.parametrize("verb", [roadsigns.train, roadsigns.evaluate])
def test_a_room_stays_a_room(verb: object) -> None:
    assert inspect.ismodule(verb) and callable(verb)
    from roadsigns.train import run

    assert roadsigns.train.run is run


def test_what_is_no_setting_is_told() -> None:
    with pytest.raises(UsageError, match=r"^'epoch' is no setting\. Did you mean epochs\?$"):
        roadsigns.train(epoch=1)
    with pytest.raises(UsageError, match=r"^'zzz' is no setting\. See --help$"):
        roadsigns.evaluate(zzz=1)
    with pytest.raises(UsageError, match="Invalid value for `epochs`"):
        roadsigns.train(epochs=0)
    with pytest.raises(UsageError, match=r"Give options or settings\. Received both: options and seed"):
        roadsigns.train(TrainOptions(), seed=1)
    with pytest.raises(TypeError, match=r"`options` must be TrainOptions\. Received: EvaluateOptions"):
        roadsigns.train(EvaluateOptions())
