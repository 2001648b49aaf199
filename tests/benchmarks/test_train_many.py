"""Many trainings side by side: what a job asks for, and what its run records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import train_many


@pytest.mark.parametrize(
    ("job", "data"),
    [
        ({"recipe": "best"}, "gtsrb+synthetic"),
        ({"recipe": "best", "drawn_only": True}, "synthetic"),
        ({"recipe": "notebook"}, "gtsrb"),
        ({"recipe": "best", "redraw": False, "count": None}, "gtsrb"),
    ],
    ids=str,
)
def test_a_run_records_what_it_is_trained_on(job: dict[str, Any], data: str, tmp_path: Path) -> None:
    extra, options = train_many.asked({"name": "one", "withheld": [3], **job}, tmp_path)
    assert (options.data, options.recipe, options.run_dir) == (data, job["recipe"], tmp_path / "one")
    assert extra == train_many.Job(drawn_only=job.get("drawn_only", False), withheld=[3])
