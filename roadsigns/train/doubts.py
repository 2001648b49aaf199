"""The rule for pictures without a sign, fitted to the answers of a trained network to such pictures and to signs."""

from __future__ import annotations

from collections.abc import Collection

import keras
import numpy as np

from .. import no_sign
from ..data import synthetic
from ..networks import answers
from ..preprocess import Pixels, preprocess

SIGNS = 3000
"""Pictures of signs that the rule is fitted to, each at three places."""

KINDS = ("backgrounds", "noise", *synthetic.OBJECTS)
"""What pictures without a sign show: as many of the first two as of signs, and half as many of each other."""

_MOVES = ((0, 0), (2, 0), (0, -2))


def fitted(model: keras.Model, signs: Pixels, seed: int, kinds: Collection[str] = KINDS) -> keras.Model:
    """`model` with a rule of its own; see `roadsigns.no_sign`.

    Args:
        model: one of `networks`, trained.
        signs: uint8 RGB pictures of signs, `(N, 32, 32, 3)`.
        seed: which of them are taken, and what is drawn.
        kinds: of `KINDS`, those that the rule is fitted to.
    """
    random = np.random.default_rng(seed)
    chosen = signs[random.permutation(len(signs))[:SIGNS]]
    # The network is surer of a picture that it was trained on than of the same sign seen from elsewhere.
    known = np.concatenate([_moved(chosen, *move) for move in _MOVES])
    others = np.concatenate([without_sign(kind, _share(kind, len(chosen)), seed) for kind in kinds])
    channels = answers.channels(model)
    said = [answers.probabilities(model, preprocess(pictures, channels)) for pictures in (known, others)]
    return answers.with_no_sign(model, no_sign.fit(*said))


def without_sign(kind: str, count: int, seed: int) -> Pixels:
    """Draw pictures without a sign, of one of `KINDS`: uint8 RGB, `(count, 32, 32, 3)`."""
    if kind == "backgrounds":
        return synthetic.draw_backgrounds(count, seed, processes=synthetic.cores())
    return synthetic.draw_noise(count, seed) if kind == "noise" else synthetic.draw_objects(kind, count, seed)


def _share(kind: str, signs: int) -> int:
    return (signs + 1) // 2 if kind in synthetic.OBJECTS else signs


def _moved(pictures: Pixels, down: int, right: int) -> Pixels:
    return np.roll(np.pad(pictures, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge"), (down, right), (1, 2))[
        :, 2:-2, 2:-2
    ].copy()
