"""A REST front on a model that needs no TensorFlow; and the shipped network as an exported version, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fronts import Front, running


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    with running() as front:
        yield front


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The version's folder; tests of the protocol do without it and without Keras."""
    from roadsigns import export, keras_file, models

    return export.export(keras_file.load(models.shipped("notebook")), tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def loaded(folder: Path) -> Any:
    """The same as plain TensorFlow loads it."""
    import tensorflow as tf

    return tf.saved_model.load(str(folder))
