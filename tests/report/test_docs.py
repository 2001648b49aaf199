"""docs/evaluation.md states the corruptions as they are."""

import re
from pathlib import Path

import pytest

from roadsigns.corruptions import CORRUPTIONS, SEVEN

TEXT = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_docs_state_the_levels(name):
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{name}`"))
    shown = [float(number) for number in re.findall(r"(?<![\w:])\d*\.?\d+(?![\w:])", row.split("|")[3])]
    amounts = CORRUPTIONS[name].amounts
    assert shown[:5] == pytest.approx([100 - each for each in amounts] if name == "jpeg" else amounts)
    assert (f"`{name}`*" in row) == (name in SEVEN)
