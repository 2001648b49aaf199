"""Keep probabilities as ONNX Runtime is given them; `test_choice` and `test_servable` ask the engine itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from roadsigns.errors import RequestError
from roadsigns.serving.engines.onnx_engine import answers


@pytest.mark.parametrize(
    ("images", "keep", "conv", "rows"),
    [(1, 0.5, 1, 1), (1, [0.5] * 4, 1, 4), (1, 1, [[0.5], [0.5]], 2), (3, 0.5, [1, 0.5, 1], 3), (0, 0.5, [], 0)],
)
def test_there_is_a_row_for_each_answer(images: int, keep: Any, conv: Any, rows: int) -> None:
    given = {"keep_prob": np.float32(keep), "keep_prob_conv": np.float32(conv)}
    x, keeps = answers(np.zeros((images, 2), np.float32), given)
    assert x.shape == (rows, 2)
    assert {name: keep.shape for name, keep in keeps.items()} == dict.fromkeys(given, (rows,))


@pytest.mark.parametrize(
    ("images", "keep", "message"),
    [
        (3, [1, 1], "Invalid shape of `keep_prob_conv`: expected one number, or one for each answer. .*: 2 3"),
        (1, [], "Invalid shape of `keep_prob_conv`: .*: 0 1"),
        (2, 0, r"Invalid value for `keep_prob_conv`: expected numbers in \(0, 1\]. Received: 0$"),
        (2, [0.5, np.nan], r"Invalid value for `keep_prob_conv`: .* Received: nan$"),
        (1, [2, 0.5, -1, 3, 4], r"Invalid value for `keep_prob_conv`: .* Received: 2 -1 3$"),
    ],
)
def test_what_is_no_keep_probability_is_refused(images: int, keep: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        answers(np.zeros((images, 2), np.float32), {"keep_prob": np.float32(1), "keep_prob_conv": np.float32(keep)})
