"""Forms for accelerators, held to Keras's own layers; on JAX, so in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import roadsigns

SCRIPT = Path(__file__).with_name("lowering_on_jax.py")


def test_forms_for_accelerators_answer_and_learn_as_the_layers_do() -> None:
    """Kernels of odd and even sizes, few channels and many, with a bias and without."""
    pytest.importorskip("jax")
    environ = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(Path(roadsigns.__file__).parent.parent)}
    done = subprocess.run([sys.executable, SCRIPT], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for case in json.loads(done.stdout.splitlines()[-1]):
        assert case["float32"] < 1e-5
        assert 1e-4 < case["bfloat16"] < 0.05, "products of fewer bits"
        assert case["null"] == 0, "afterwards the layers are their own again"
