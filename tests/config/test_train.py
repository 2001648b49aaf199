"""What a training may vary."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from roadsigns.config import TrainOptions
from roadsigns.errors import UsageError

BAD_OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "epochs": ({"epochs": 0}, "Invalid value for `epochs`: expected a whole number of at least 1 and at most"),
    "keep_prob": ({"keep_prob": 1.3}, "Invalid value for `keep_prob`: expected a number above 0 and at most 1."),
    "keep_prob_conv": ({"keep_prob_conv": 0}, "Invalid value for `keep_prob_conv`: expected a number above 0"),
    "track": ({"track": "wandb"}, "Invalid value for `track`: expected dotscience or mlflow. Received: 'wandb'"),
    "version": ({"version": -1}, "Invalid value for `version`: expected a whole number of at least 0"),
    "none": ({"epochs": None}, "at least 1 and at most 1000000. Received: None"),
}


@pytest.mark.parametrize(("given", "message"), BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys())
def test_options_reject(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        TrainOptions(**given)


def test_options_read_text() -> None:
    options = TrainOptions(epochs="3", output="out", version="7")  # type: ignore[arg-type]
    assert (options.epochs, options.output, options.version) == (3, Path("out"), 7)


def test_train_options_default_to_the_notebooks_values() -> None:
    """`EPOCHS` and `USE_IMAGE_PERCENT` excepted: its 2 and 1 end at about 5 %."""
    options = TrainOptions()
    assert (options.batch_size, options.learning_rate) == (64, 0.001)
    assert (options.keep_prob, options.keep_prob_conv) == (0.5, 0.7)
    assert options.output == Path("models/roadsigns")
