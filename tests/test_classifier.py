"""The Python face: `roadsigns.load().predict(...)` with every kind of picture, and with what is none."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import roadsigns
from roadsigns import classifier, models, signs
from roadsigns.errors import DataError, ModelError, UsageError

ROOT = Path(__file__).parent.parent
STOP, KEEP_RIGHT = (str(ROOT / "fixtures" / "pictures" / f"design-{number}.jpg") for number in (14, 38))


@pytest.fixture(scope="module")
def model() -> roadsigns.Classifier:
    return roadsigns.load("notebook")


def test_one_picture_of_every_kind_has_one_answer(model: roadsigns.Classifier) -> None:
    with Image.open(STOP) as image:
        pixels = np.asarray(image.convert("RGB"))
        kinds: list[Any] = [STOP, Path(STOP), Path(STOP).read_bytes(), image, pixels]
        found = [model.predict(kind) for kind in kinds]
    assert all(each == found[0] for each in found)
    best = found[0].best
    assert (found[0].name, found[0].class_name, found[0].class_id) == ("Stop", "Stop", 14)
    assert len(best) == 5 and best[0].share == found[0].share > 0.9
    assert [guess.share for guess in best] == sorted((guess.share for guess in best), reverse=True)
    assert all(signs.NAMES[guess.class_id] == guess.class_name for guess in best)


def test_many_pictures_are_answered_in_their_order(model: roadsigns.Classifier) -> None:
    assert [each.class_id for each in model.predict([STOP, KEEP_RIGHT, STOP])] == [14, 38, 14]
    assert [each.class_id for each in model.predict((KEEP_RIGHT,))] == [38]
    assert model.predict([]) == []
    small = np.stack([np.asarray(Image.open(path).convert("RGB").resize((40, 30))) for path in (STOP, KEEP_RIGHT)])
    assert [each.class_id for each in model.predict(small)] == [14, 38]


def test_a_generator_is_read_as_it_is_needed(model: roadsigns.Classifier) -> None:
    read = []

    def pictures() -> Iterator[str]:
        for number in range(200):
            read.append(number)
            yield (STOP, KEEP_RIGHT)[number % 2]

    found = model.predict(pictures())
    assert read == []
    assert [next(found).class_id for _ in range(3)] == [14, 38, 14]
    assert 3 <= len(read) < 200
    assert len(list(found)) == 197


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "number": (5, TypeError, "`pictures` must be a path, bytes, a Pillow picture, uint8 pixels, or many of these. Rec"),
    "nothing": (None, TypeError, "Received: NoneType"),
    "number among many": (
        [STOP, 5],
        TypeError,
        "a path, bytes, a Pillow picture or uint8 pixels. Received: int",
    ),
    "floats": (np.zeros((32, 32, 3)), TypeError, "must be a NumPy array of uint8 pixels (0..255)"),
    "NaN": (np.full((32, 32, 3), np.nan, np.float32), TypeError, "Received: float32"),
    "grey": (np.zeros((32, 32), np.uint8), ValueError, "must have shape (N, H, W, 3)"),
    "four channels": (np.zeros((32, 32, 4), np.uint8), ValueError, "must have shape (N, H, W, 3)"),
    "no pixels": (np.zeros((0, 32, 3), np.uint8), ValueError, "must have at least one pixel"),
    "empty bytes": (b"", DataError, "is empty: expected a picture file"),
    "text": (b"hello", DataError, "is no picture, or of another format"),
    "no file": ("nothing.png", FileNotFoundError, "nothing.png"),
}


@pytest.mark.parametrize(("picture", "error", "message"), BAD.values(), ids=BAD.keys())
def test_what_is_no_picture_is_refused(
    picture: Any, error: type[Exception], message: str, model: roadsigns.Classifier
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        model.predict(picture)


def test_load_takes_what_the_command_line_takes(tmp_path: Path) -> None:
    assert roadsigns.load("notebook").model.is_shipped
    assert roadsigns.load(models.shipped()).model.name == "small"
    with pytest.raises(UsageError, match="is not there"):
        roadsigns.load(tmp_path / "none")


@pytest.mark.parametrize("scale", [2.5, -1.0])
def test_answers_that_are_no_probabilities_are_refused(scale: float) -> None:
    scores = roadsigns.Classifier(
        models.find("small"), ("a", "b", "c"), lambda images: np.full((len(images), 3), scale), None
    )
    with pytest.raises(ModelError, match="'small' answers with numbers that are no probabilities: a row goes from "):
        scores.predict(STOP)


@pytest.mark.parametrize("room", [roadsigns, classifier])
def test_examples_are_true(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testmod(room)
    assert result.attempted and not result.failed


def test_the_examples_of_the_page_are_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(str(ROOT / "docs" / "python.md"), module_relative=False)
    assert result.attempted >= 8 and not result.failed


def test_the_package_has_what_it_says_and_nothing_else() -> None:
    assert set(roadsigns.__all__) <= set(dir(roadsigns))
    assert all(getattr(roadsigns, name) is not None for name in dir(roadsigns) if name != "__path__")
    assert roadsigns.preprocess.SIZE == 32
    with pytest.raises(AttributeError, match="module 'roadsigns' has no attribute 'lode'"):
        roadsigns.lode  # noqa: B018


def test_import_takes_next_to_nothing() -> None:
    program = "import sys; before = set(sys.modules); import roadsigns; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    loaded = [name for name in done.stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names]
    assert loaded == ["roadsigns", "roadsigns.version"]
