"""How likely a picture shows none of the classes, told from what a network says of it.

A network spreads its scores in one way over a sign that it knows and in another over anything else. A logistic
regression on the logarithms of the probabilities and on the products of each two tells the two apart as well as one on
the units before the scores, and needs nothing but what every server and file has: the probabilities. The rule is fitted
to one network's answers, and says nothing of another's; so it travels with the weights.

A sign of a class that the network does not know has scores much like those of any sign: the regression, which was
fitted to pictures without any sign, lets it pass. But the network hesitates among many classes. So the sum of its two
highest probabilities counts as well: a picture shows one of the classes if it shows a sign, and if the sign is one of
the two that are likeliest. Who hesitates between 60 and 80 on a blurred plate has still seen a sign.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import tensorflow as tf

FLOOR = 1e-30
"""Smaller probabilities count as this one."""

SCALE = 10.0
"""What the logarithms are divided by, so that their products are of one size with them."""

MOST_PAIRED = 64
"""Classes up to which products of each two are weighed; of more, squares alone: there would be too many to fit."""

_MOST_STEPS, _SMALL_STEP = 30, 1e-6

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Rule:
    """The rule of one network.

    With `l` the logarithms of the probabilities, less their mean, divided by `SCALE`, the chance of a sign is
    `sigmoid(linear . l + l . square . l + bias)`; that of none of the classes is 1 less its product with the sum of the
    two highest probabilities.

    Attributes:
        linear: one weight a class.
        square: a symmetric matrix with a weight for each two classes; or one weight a class, which stands for a
            diagonal matrix: in files of earlier versions, and of more than `MOST_PAIRED` classes.
        bias: a number.
    """

    linear: Floats
    square: Floats
    bias: float

    def share(self, probabilities: Floats) -> npt.NDArray[np.float32]:
        """The chance for each row of `probabilities` `(N, classes)`: float32 `(N,)` in [0, 1]."""
        logs = _logs(probabilities)
        weighed = logs * self.square if self.square.ndim == 1 else logs @ self.square
        margin = logs @ self.linear + (weighed * logs).sum(axis=1) + self.bias
        sign = 1 / (1 + np.exp(np.clip(-margin, -80, 80)))
        likeliest = np.sort(probabilities.astype(np.float64), axis=1)[:, -2:].sum(axis=1)
        return np.asarray(1 - sign * np.minimum(likeliest, 1), np.float32)

    def as_json(self) -> str:
        """The rule as a JSON object."""
        return json.dumps({"linear": self.linear.tolist(), "square": self.square.tolist(), "bias": self.bias})


def graph_share(rule: Rule, probabilities: tf.Tensor) -> tf.Tensor:
    """`Rule.share` in TensorFlow operations: float32 `(N, classes)` to float32 `(N,)`."""
    import tensorflow as tf

    logs = tf.math.log(tf.cast(tf.maximum(probabilities, FLOOR), tf.float64))
    logs = (logs - tf.reduce_mean(logs, axis=1, keepdims=True)) / SCALE
    weighed = logs * rule.square if rule.square.ndim == 1 else tf.linalg.matmul(logs, rule.square)
    sign = tf.sigmoid(tf.reduce_sum((rule.linear + weighed) * logs, axis=1) + rule.bias)
    likeliest, _ = tf.math.top_k(tf.cast(probabilities, tf.float64), k=min(2, len(rule.linear)), sorted=False)
    return tf.cast(1 - sign * tf.minimum(tf.reduce_sum(likeliest, axis=1), 1.0), tf.float32)


def read(text: str) -> Rule:
    """The rule that `Rule.as_json` wrote.

    Raises:
        ValueError: it is none.
    """
    try:
        found = json.loads(text)
        linear, square = (np.asarray(found[name], np.float64) for name in ("linear", "square"))
        rule = Rule(linear, square, float(found["bias"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no rule: {error}") from error
    fits = linear.ndim == 1 and square.shape in (linear.shape, 2 * linear.shape)
    if not fits or not all(np.isfinite(each).all() for each in (linear, square, rule.bias)):
        raise ValueError("no rule: expected finite weights, a linear and a square one a class or each two, and a bias")
    return rule


def fit(signs: Floats, others: Floats, *, doubted: float = 0.0015, penalty: float = 0.1) -> Rule:
    """The rule that best tells the answers to signs from those to anything else.

    Args:
        signs: probabilities `(N, classes)` of pictures of signs.
        others: those of pictures without one. Both sides count alike, however many there are of each.
        doubted: the share of `signs` that the regression alone gives a chance above one half. The network is surer of
            pictures that it was trained on than of any others: leave these out, or move them a little.
        penalty: of the weights' squares.

    Source: Newton's method for logistic regression, as in Hastie, Tibshirani, Friedman, "The elements of statistical
    learning", 4.4.1.
    """
    logs = _logs(np.concatenate([signs, others]))
    classes = logs.shape[1]
    first, second = np.triu_indices(classes) if classes <= MOST_PAIRED else 2 * (np.arange(classes),)
    inputs = np.concatenate([logs, logs[:, first] * logs[:, second], np.ones((len(logs), 1))], axis=1)
    target = np.repeat([1.0, 0.0], [len(signs), len(others)])
    share = np.repeat([0.5 / len(signs), 0.5 / len(others)], [len(signs), len(others)])
    ridge = np.full(inputs.shape[1], penalty / inputs.shape[1])
    weights = np.zeros(inputs.shape[1])
    for _ in range(_MOST_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -50, 50)))
        slope = inputs.T @ (share * (chance - target)) + ridge * weights
        root = (inputs * np.sqrt(share * chance * (1 - chance))[:, np.newaxis]).astype(np.float32)
        step = np.linalg.solve(root.T @ root + np.diag(ridge), slope)  # whose errors the next step mends
        weights -= step
        if np.abs(step).max() < _SMALL_STEP:
            break
    margins = inputs[: len(signs), :-1] @ weights[:-1]
    square = weights[classes:-1]
    if classes <= MOST_PAIRED:
        matrix = np.zeros((classes, classes))
        matrix[first, second] = square / 2
        square = matrix + matrix.T
    return Rule(weights[:classes], square, -float(np.quantile(margins, doubted)))


def _logs(probabilities: Floats) -> npt.NDArray[np.float64]:
    """What the rule weighs, `(N, classes)`."""
    logs = np.log(np.maximum(probabilities.astype(np.float64), FLOOR))
    above: npt.NDArray[np.float64] = (logs - logs.mean(axis=1, keepdims=True)) / SCALE
    return above
