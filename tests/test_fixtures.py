"""The fixtures are what their commands make, and can be read as what they stand for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from roadsigns import data

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the command has drawn everything again."""
    spec = importlib.util.spec_from_file_location("make_drawn", FIXTURES / "make_drawn.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("fixtures")
    module.make_archive(folder / "drawn-signs.zip")
    module.make_pictures(folder / "pictures")
    return folder


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether hardly a value differs by more than one level: another machine may round otherwise."""
    difference = np.abs(one.astype(int) - other.astype(int))
    return one.shape == other.shape and float(np.mean(difference > 1)) < 1e-3


def test_archive_is_what_its_command_makes(made: Path) -> None:
    kept, again = (data.load(str(folder / "drawn-signs.zip")).splits() for folder in (FIXTURES, made))
    for one, other in zip(kept, again, strict=True):
        np.testing.assert_array_equal(one.labels, other.labels)
        assert same(one.images, other.images)


def test_archive_is_small_and_shows_every_class() -> None:
    assert (FIXTURES / "drawn-signs.zip").stat().st_size < 2_000_000
    for split, each in zip(data.load(str(FIXTURES / "drawn-signs.zip")).splits(), (5, 1, 1), strict=True):
        assert np.bincount(split.labels).tolist() == [each] * 43


def test_pictures_are_what_their_command_makes(made: Path) -> None:
    names = sorted(path.name for path in (FIXTURES / "pictures").iterdir())
    assert names == sorted(path.name for path in (made / "pictures").iterdir())
    for name in names:
        with Image.open(FIXTURES / "pictures" / name) as kept, Image.open(made / "pictures" / name) as again:
            assert kept.format == again.format == {".png": "PNG", ".jpg": "JPEG"}[Path(name).suffix]
            assert same(np.asarray(kept), np.asarray(again))


def test_every_fixture_is_explained() -> None:
    text = (FIXTURES / "README.md").read_text()
    for path in FIXTURES.rglob("*"):
        if path.is_file() and path.suffix not in (".md", ".py", ".pyc"):
            stem = path.name.split("-")[0] + "-*" + path.suffix if path.parent != FIXTURES else path.name
            assert stem in text or f"{path.parent.name}/*{path.suffix}" in text
