"""A model server that does not come up; `tests/app` and the notebook have one that does."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadsigns.errors import ModelError
from roadsigns.serving.embedded import model_server


def test_the_last_word_of_a_server_that_ends_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(ModelError, match=r"The model server ended with status 2: roadsigns serve: .*is not a folder"),
        model_server(tmp_path / "nowhere"),
    ):
        pytest.fail("it serves nothing")
