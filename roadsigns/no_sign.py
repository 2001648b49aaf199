"""How likely a picture shows none of the classes, told from what a network says of it.

A network spreads its scores in one way over a sign that it knows and in another over anything else. A logistic
regression on the logarithms of the probabilities tells the two apart. The rule is fitted to one network's answers, and
says nothing of another's; so it travels with the weights.
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
"""What the logarithms are divided by, so that their squares are of one size with them."""

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Rule:
    """The rule of one network.

    With `l` the logarithms of the probabilities, less their mean, divided by `SCALE`, the chance that there is no sign
    is `sigmoid(-(linear * l + square * l ** 2 + bias))`, the products summed over the classes.

    Attributes:
        linear, square: one weight a class.
        bias: a number.
    """

    linear: Floats
    square: Floats
    bias: float

    def share(self, probabilities: Floats) -> npt.NDArray[np.float32]:
        """The chance for each row of `probabilities` `(N, classes)`: float32 `(N,)` in [0, 1]."""
        weights = np.concatenate([self.linear, self.square])
        margin = _numbers(probabilities) @ weights + self.bias
        return np.asarray(1 / (1 + np.exp(np.clip(margin, -80, 80))), np.float32)

    def as_json(self) -> str:
        """The rule as a JSON object."""
        return json.dumps({"linear": list(self.linear), "square": list(self.square), "bias": self.bias})


def graph_share(rule: Rule, probabilities: tf.Tensor) -> tf.Tensor:
    """`Rule.share` in TensorFlow operations: float32 `(N, classes)` to float32 `(N,)`."""
    import tensorflow as tf

    logs = tf.math.log(tf.maximum(probabilities, FLOOR))
    logs = (logs - tf.reduce_mean(logs, axis=1, keepdims=True)) / SCALE
    linear, square = rule.linear.astype(np.float32), rule.square.astype(np.float32)
    return tf.sigmoid(-(tf.reduce_sum(linear * logs + square * logs**2, axis=1) + np.float32(rule.bias)))


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
    if linear.ndim != 1 or linear.shape != square.shape or not np.isfinite([*linear, *square, rule.bias]).all():
        raise ValueError("no rule: expected as many finite linear weights as square ones, and a bias")
    return rule


def fit(signs: Floats, others: Floats, *, doubted: float = 0.003, penalty: float = 1e-3) -> Rule:
    """The rule that best tells the answers to signs from those to anything else.

    Args:
        signs: probabilities `(N, classes)` of pictures of signs.
        others: those of pictures without one. Both sides count alike, however many there are of each.
        doubted: the share of `signs` that the rule gives a chance above one half. The network is surer of pictures that
            it was trained on than of any others: leave these out, or move them a little.
        penalty: of the weights' squares.

    Source: Newton's method for logistic regression, as in Hastie, Tibshirani, Friedman, "The elements of statistical
    learning", 4.4.1.
    """
    inputs = _numbers(np.concatenate([signs, others]))
    inputs = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    target = np.repeat([1.0, 0.0], [len(signs), len(others)])
    share = np.repeat([0.5 / len(signs), 0.5 / len(others)], [len(signs), len(others)])
    ridge = np.full(inputs.shape[1], penalty / inputs.shape[1])
    weights = np.zeros(inputs.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -50, 50)))
        slope = inputs.T @ (share * (chance - target)) + ridge * weights
        curve = (inputs * (share * chance * (1 - chance))[:, np.newaxis]).T @ inputs + np.diag(ridge)
        weights -= np.linalg.solve(curve, slope)
    linear, square = np.split(weights[:-1], 2)
    margins = inputs[: len(signs), :-1] @ weights[:-1]
    return Rule(linear, square, -float(np.quantile(margins, doubted)))


def _numbers(probabilities: Floats) -> npt.NDArray[np.float64]:
    """What the rule weighs: `(N, classes)` to `(N, 2 * classes)`."""
    logs = np.log(np.maximum(probabilities.astype(np.float64), FLOOR))
    logs = (logs - logs.mean(axis=1, keepdims=True)) / SCALE
    return np.concatenate([logs, logs**2], axis=1)
