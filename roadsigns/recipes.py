"""The recipes of `train`: settings under one name, each with what it reached, in which time, on which machine.

A recipe sets what neither a flag, nor the environment, nor `--config` sets. Every figure stands in a file of
`benchmarks/results/accuracy-*.json`, with the commit, the versions and all other figures of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Settings under one name, and the run that they are known by.

    Attributes:
        about: one line for `--help`: what the recipe is for.
        test_accuracy: share of the real test pictures that the run of `command` named rightly, in 0..1; None where the
            pictures are a person's own (docs/own.md has figures).
        minutes: how long it trained, without drawing signs; None likewise.
        machine: cores and processor that it trained on.
        command: what was run, paths named `PATH`.
        common: by name of an option of `train`, its value, whatever the network. `network` may be one of them.
        by_network: by network, the values that differ for this network, or that only this network needs.
    """

    about: str
    test_accuracy: float | None
    minutes: float | None
    machine: str
    command: str
    common: Mapping[str, Any] = field(default_factory=dict)
    by_network: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def settings(self, network: str | None = None) -> dict[str, Any]:
        """The values for `network`; for the recipe's own where none is asked for."""
        return {**self.common, **self.by_network.get(network or self.common.get("network", ""), {})}


_COMMON: dict[str, Any] = {
    # Steps of more pictures, a rate that first rises and then falls to nothing, and half the bits in a product where
    # the processor is faster at that. Augmented pictures leave little for dropout to do.
    "batch_size": 256,
    "learning_rate": 0.003,
    "schedule": "cosine",
    "precision": "bfloat16",
    "weight_decay": 0.02,
    "keep_prob": 0.9,
    "keep_prob_conv": 1.0,
}

RECIPES: dict[str, Recipe] = {
    "notebook": Recipe(
        about="the notebook's settings, which are the defaults of all options",
        test_accuracy=0.9786,
        minutes=74.8,
        machine="2 cores, AMD EPYC",
        command="roadsigns train --data PATH --epochs 30",
    ),
    "quick": Recipe(
        about="the best model in a few minutes, on drawn signs",
        test_accuracy=0.9846,
        minutes=5.0,
        machine="2 cores, AMD EPYC",
        command="roadsigns train --data synthetic --recipe quick",
        common={
            **_COMMON,
            "network": "small",
            "count": 86_000,
            "epochs": 6,
            # Drawn signs differ in themselves, and six epochs are too few for changes as large as the table's.
            "augment": 0.5,
            "average_momentum": 0.99,
        },
    ),
    "best": Recipe(
        about="the best model that this project knows to train, in an hour; half of its pictures are drawn",
        test_accuracy=0.9949,
        minutes=39.3,
        machine="2 cores, AMD EPYC",
        command="roadsigns train --recipe best",
        common={
            **_COMMON,
            "network": "small",
            "data": "gtsrb+synthetic",
            "count": 34_800,
            "redraw": True,
            "epochs": 30,
            "augment": 1.0,
            "average_momentum": 0.998,
        },
        by_network={"best": {"keep_prob": 0.5}},
    ),
    "own": Recipe(
        about="for classes of your own, of which there are 10 to 1,000 pictures each: from the weights of --start",
        test_accuracy=None,
        minutes=None,
        machine="",
        command="roadsigns train --data PATH --recipe own",
        common={
            **_COMMON,
            "network": "small",
            "start": "small",
            # Steps of few pictures, since there are few: 200 of them make 7 an epoch.
            "batch_size": 32,
            "learning_rate": 0.002,
            "epochs": 60,
            "augment": 0.5,
            "average_momentum": 0.99,
        },
    ),
}
"""By the name that `--recipe` takes."""
