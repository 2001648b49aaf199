"""The rule for pictures without a sign, as it is fitted after a training."""

import numpy as np
import pytest

from pictures import draw_signs
from roadsigns import no_sign
from roadsigns.networks import answers
from roadsigns.train import doubts


@pytest.mark.parametrize("kind", doubts.KINDS)
def test_every_kind_is_drawn_and_follows_from_the_seed(kind):
    pictures = doubts.without_sign(kind, 3, seed=5)
    assert (pictures.dtype, pictures.shape) == (np.uint8, (3, 32, 32, 3))
    np.testing.assert_array_equal(pictures, doubts.without_sign(kind, 3, seed=5))


def test_the_rule_is_fitted_to_signs_at_three_places_and_to_every_kind(monkeypatch):
    signs, _ = draw_signs(8, seed=1)
    seen = []

    def probabilities(model, x):
        seen.append(np.rint(x * 255).astype(np.uint8))
        return np.full((len(x), 43), 1 / 43, np.float32)

    monkeypatch.setattr(answers, "channels", lambda model: 3)
    monkeypatch.setattr(answers, "probabilities", probabilities)
    monkeypatch.setattr(answers, "with_no_sign", lambda model, rule: (model, rule))
    model, rule = doubts.fitted("model", signs, seed=2)
    assert model == "model" and isinstance(rule, no_sign.Rule)
    known, others = seen
    assert len(known) == 24 and {each.tobytes() for each in signs} <= {each.tobytes() for each in known}
    assert len(others) == 8 + 8 + 4 * 4
    start = 0
    for kind, count in zip(doubts.KINDS, (8, 8, 4, 4, 4, 4), strict=True):
        np.testing.assert_array_equal(others[start : start + count], doubts.without_sign(kind, count, seed=2))
        start += count
    doubts.fitted("model", signs, seed=2, kinds=["faces"])
    assert len(seen[3]) == 4
