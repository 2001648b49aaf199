"""Which files a command line means."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadsigns import picture_files
from roadsigns.errors import DataError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a.JPG", "notes.txt", "deep/c.ppm", "deep/er/d.webp"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


@pytest.mark.parametrize(
    ("words", "recursive", "names"),
    [
        ([".", "notes.txt"], False, ["a.JPG", "b.png", "notes.txt"]),
        (["deep"], True, ["deep/c.ppm", "deep/er/d.webp"]),
        (["*.png", "deep/*"], False, ["b.png", "deep/c.ppm"]),
        (["missing.png"], False, ["missing.png"]),
    ],
)
def test_words_mean_files(words: list[str], recursive: bool, names: list[str]) -> None:
    assert [str(each) for each in picture_files.find(map(Path, words), recursive)] == names


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("none*", "No file matches 'none*'"),
        ("empty", "'empty' holds no picture. For the folders within: --recursive"),
    ],
)
def test_words_that_mean_none_are_told(word: str, message: str) -> None:
    Path("empty").mkdir()
    [found] = picture_files.find([Path(word)])
    assert isinstance(found, DataError) and str(found) == message
