"""The rule for pictures without a sign, fitted to what a trained network says of such and of signs."""

from __future__ import annotations

import keras
import numpy as np

from .. import no_sign
from ..data import synthetic
from ..networks import answers
from ..preprocess import Pixels, preprocess

SIGNS = 3000
"""Pictures of signs that the rule is fitted to, each at three places; of backgrounds and of noise there are as many."""

_MOVES = ((0, 0), (2, 0), (0, -2))


def fitted(model: keras.Model, signs: Pixels, seed: int) -> keras.Model:
    """`model` with a rule of its own; see `roadsigns.no_sign`.

    Args:
        model: one of `networks`, trained.
        signs: uint8 RGB pictures of signs, `(N, 32, 32, 3)`.
        seed: which of them are taken, and what is drawn.
    """
    random = np.random.default_rng(seed)
    chosen = signs[random.permutation(len(signs))[:SIGNS]]
    # The network is surer of a picture that it was trained on than of the same sign seen from elsewhere.
    known = [_moved(chosen, *move) for move in _MOVES]
    backgrounds = synthetic.draw_backgrounds(len(chosen), seed, processes=synthetic.cores())
    pictures = np.concatenate([*known, backgrounds, synthetic.draw_noise(len(chosen), seed)])
    said = answers.probabilities(model, preprocess(pictures, answers.channels(model)))
    border = len(_MOVES) * len(chosen)
    return answers.with_no_sign(model, no_sign.fit(said[:border], said[border:]))


def _moved(pictures: Pixels, down: int, right: int) -> Pixels:
    return np.roll(np.pad(pictures, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge"), (down, right), (1, 2))[
        :, 2:-2, 2:-2
    ].copy()
