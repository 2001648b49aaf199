"""An epoch in one compiled call, held to the same epoch step by step; on JAX, so in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import roadsigns

SCRIPT = Path(__file__).with_name("compiled_on_jax.py")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp("compiled")
    environ = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(Path(roadsigns.__file__).parent.parent)}
    environ["XDG_CACHE_HOME"] = str(folder / "cache")
    done = subprocess.run([sys.executable, SCRIPT, folder], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert any((folder / "cache" / "roadsigns" / "compiled").iterdir()), "what was compiled is kept"
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("case", ["grey", "grey, augmented", "colour", "a share", "no room"])
def test_compiled_epochs_are_those_of_single_steps(found: Any, case: str) -> None:
    """The two differ in the order of sums alone, which Adam's first steps make the most of."""
    assert found[case]["moved"] > 0.02
    assert found[case]["weights"] < 2e-3 and found[case]["means"] < 1e-3
    assert found[case]["resident"] == (case != "no room")
    assert found[case]["functions"] == 2, "one for whole batches, however many a call takes, and one for what is left"


def test_bfloat16_is_near_to_float32_but_not_it(found: Any) -> None:
    """Single steps on a CPU under JAX are float32 whatever is asked for."""
    assert 1e-4 < found["bfloat16"]["weights"] < 0.1


def test_another_seed_needs_nothing_compiled_anew(found: Any) -> None:
    assert found["again"] == {"same": True, "compiled": False}


def test_device_preprocess_equals_numpy_in_every_bit(found: Any) -> None:
    assert found["preprocess"]


def test_a_run_is_resumed_to_the_same_weights_while_signs_are_drawn_ahead(found: Any) -> None:
    assert found["command"] == {"codes": [0, 130, 0], "same": True}
