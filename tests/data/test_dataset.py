"""What every command sees of a data set, whatever it was made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelled import fill, pixels, png
from roadsigns import data, signs


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of four classes that the benchmark does not have; what is read of it is kept below `tmp_path`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = {f"{name}/{i}.png": png(pixels(10 * n + i)) for n, name in enumerate("abcd") for i in range(5)}
    return fill(tmp_path / "own", files)


def test_pickles_have_the_benchmarks_classes(archive: Path) -> None:
    assert data.load(str(archive)).classes == signs.CLASSES


def test_a_model_trained_on_a_folder_is_said_to_be_trained_on_its_name(own: Path) -> None:
    assert data.load(str(own)).kind == "own"
