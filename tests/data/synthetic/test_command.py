"""The page of all drawings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from roadsigns.data import synthetic
from roadsigns.data.synthetic.__main__ import COLUMNS, SIZE, main, page


def test_command_writes_the_page(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "designs.png"
    assert main([str(path)]) == 0
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert np.array_equal(np.asarray(picture), np.asarray(page()))
    assert path.stat().st_size < 300_000


def test_page_has_room_for_all() -> None:
    rows = -(-len(synthetic.every()) // COLUMNS)
    assert page().width > COLUMNS * SIZE
    assert page().height > rows * SIZE


@pytest.mark.parametrize("arguments", [[], ["--help"], ["a.png", "b.png"]])
def test_command_says_what_it_wants(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage" in capsys.readouterr().err
