"""What an export notes of its ONNX files, and what makes the note worthless."""

import json
import shutil
from pathlib import Path

import pytest

from roadsigns import agreement, exported


@pytest.fixture
def version(tmp_path: Path) -> Path:
    for name in ("saved_model.pb", "variables/variables.index", "assets/signnames.csv", "assets.extra/roadsigns.onnx"):
        file = tmp_path / "1" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    agreement.write(tmp_path / "1", 1e-6)
    return tmp_path / "1"


def test_a_fresh_note_leaves_no_doubt(version: Path) -> None:
    assert agreement.doubt(version) == ""


def test_a_copy_is_as_good(version: Path, tmp_path: Path) -> None:
    assert agreement.doubt(Path(shutil.copytree(version, tmp_path / "2"))) == ""


def test_other_files_do_not_matter(version: Path) -> None:
    (version / exported.WARMUP).write_bytes(b"anything")
    (version / "README.md").write_text("mine")
    assert agreement.doubt(version) == ""


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index", "assets.extra/roadsigns.onnx"])
def test_a_file_that_changed_is_named(version: Path, name: str) -> None:
    (version / name).write_text("another")
    assert agreement.doubt(version) == f"{name!r} is not what it was when the model was exported"


@pytest.mark.parametrize("name", ["assets.extra/no_sign.json", "variables/variables.data-00000-of-00001"])
def test_a_file_that_came_later_is_named(version: Path, name: str) -> None:
    (version / name).write_text("{}")
    assert agreement.doubt(version) == f"{name!r} is not what it was when the model was exported"


def test_a_file_that_is_gone_is_named(version: Path) -> None:
    (version / "assets/signnames.csv").unlink()
    assert agreement.doubt(version).startswith("'assets/signnames.csv' is not what it was")


@pytest.mark.parametrize("difference", [2e-5, float("nan"), float("inf")])
def test_answers_that_differ_are_told(version: Path, difference: float) -> None:
    agreement.write(version, difference)
    assert agreement.doubt(version) == (
        f"the answers of 'assets.extra/roadsigns.onnx' differ by {difference:.2g} from those of its graph"
    )


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "7", '{"largest_difference": "x", "sha256": {}}', "\xff", "[" * 100_000]
)
def test_a_damaged_note_is_told(version: Path, text: str) -> None:
    (version / exported.AGREEMENT).write_bytes(text.encode("latin-1"))
    assert agreement.doubt(version) == "its 'assets.extra/agreement.json' is damaged"


def test_a_version_without_a_note_or_a_file_is_told(version: Path) -> None:
    note = json.loads((version / exported.AGREEMENT).read_text())
    assert note["largest_difference"] == 1e-6
    (version / exported.AGREEMENT).unlink()
    assert "has no 'assets.extra/agreement.json'" in agreement.doubt(version)
    (version / exported.ONNX).unlink()
    assert agreement.doubt(version) == "it has no 'assets.extra/roadsigns.onnx'"
