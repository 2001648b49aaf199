"""What a training may vary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..exported import MODELS, MOST_VERSION
from ..kinds import DEVICES, PATH, SWITCH, TEXT, choice, share, whole, within, word_or_path
from ..networks.table import TABLE
from ..options import option, quiet_option
from ..recipes import RECIPES
from .data import DataOptions

NOTHING = "nothing"
"""The value of `--start` for random weights."""

TRACKERS = choice("dotscience", "mlflow")


@dataclass(frozen=True)
class TrainOptions(DataOptions):
    """`roadsigns train`."""

    recipe: str = option(
        choice(*RECIPES),
        "notebook",
        "what neither a flag, a variable nor --config sets: "
        + "; ".join(f"{name}, {recipe.about}" for name, recipe in RECIPES.items()),
        metavar="|".join(RECIPES),
    )
    network: str = option(
        choice(*TABLE),
        "notebook",
        "the network: " + "; ".join(f"{name}, {network.about}" for name, network in TABLE.items()),
        metavar="|".join(TABLE),
    )
    epochs: int = option(whole(1, 10**6), 15, "passes over the training pictures", env="EPOCHS", metavar="N")
    use_image_percent: float = option(
        share(0, 100),
        100.0,
        "percentage of the training pictures, drawn afresh for every epoch",
        env="USE_IMAGE_PERCENT",
        metavar="P",
    )
    redraw: bool = option(
        SWITCH, False, "draw other signs for every epoch after the first, of --data synthetic or gtsrb+synthetic"
    )
    batch_size: int = option(whole(1, 2**31 - 1), 64, "pictures per step", metavar="N")
    learning_rate: float = option(share(0, math.inf), 0.001, "Adam's step size", metavar="X")
    schedule: str = option(
        choice("constant", "cosine"),
        "constant",
        "how the step size changes: not at all, or up for a twentieth of the steps and down to 0 along a cosine",
        metavar="constant|cosine",
    )
    precision: str = option(
        choice("float32", "bfloat16"),
        "float32",
        "numbers that are multiplied in training; bfloat16 is faster where the processor has it, and float32 is taken "
        "where it has not",
        metavar="float32|bfloat16",
    )
    weight_decay: float = option(
        within(0, 1), 0.0, "share, times the step size, that a step takes off each kernel", metavar="X"
    )
    augment: float = option(
        within(0, 10),
        0.0,
        "how much the pictures are changed afresh for each step (place, light, sharpness, noise): a factor of the "
        "amounts that suit road signs; 0: not at all",
        metavar="X",
    )
    damage: float = option(
        within(0, 10),
        0.0,
        "how much noise, JPEG, over- and underexposure, and rectangles over the sign are added to --augment: a factor "
        "of amounts that the worst pictures have; 0: none",
        metavar="X",
    )
    keep_prob: float = option(share(0, 1), 0.5, "share of dense units kept in training, in (0, 1]", metavar="P")
    keep_prob_conv: float = option(
        share(0, 1), 0.7, "share of convolution outputs kept in training, in (0, 1]", metavar="P"
    )
    average_momentum: float = option(
        within(0, 1),
        0.999,
        "momentum of the moving average of the weights, which is what is validated and exported; 0 takes the weights "
        "themselves, as the notebook does",
        metavar="M",
    )
    seed: int = option(whole(0, 2**31 - 1), 0, "seed of weights, order and dropout", metavar="N")
    devices: int | str = option(
        DEVICES,
        1,
        "how many GPUs, or other devices of the backend, a batch is divided among; all: as many as there are",
        metavar="all|N",
        place=True,
    )
    start: str | None = option(
        word_or_path("small", "notebook", NOTHING),
        None,
        "weights to begin with, under a head for the classes of --data, instead of random ones: those that come with "
        "the package, of a run's folder or of a .keras file; they say which network it is",
        metavar=f"small|notebook|{NOTHING}|PATH",
    )
    frozen_epochs: int | None = option(
        whole(0, 10**6),
        None,
        "with --start: the first epochs, in which the head alone learns; default: a fifth of all where there are fewer "
        "than 2000 pictures to learn from, else 0",
        metavar="N",
    )
    class_weights: str = option(
        choice("none", "balanced"),
        "none",
        "what a picture counts in the loss: as much as any other, or the more the rarer its class is",
        metavar="none|balanced",
    )
    config: Path | None = option(
        PATH,
        None,
        "repeat a run: take the settings of its config.json, or of the run's folder, where neither a flag nor a "
        "variable gives others",
        metavar="FILE",
        place=True,
    )
    output: Path = option(PATH, MODELS, "folder that receives the exported version", metavar="DIR", place=True)
    version: int | None = option(
        whole(0, MOST_VERSION),
        None,
        "version number of the export; default: the next free one",
        metavar="N",
        place=True,
    )
    run_dir: Path | None = option(
        PATH,
        None,
        "folder for history, curves, metrics and weights; default runs/DATE-SEED",
        metavar="DIR",
        place=True,
    )
    resume: str | None = option(
        TEXT,
        None,
        "go on with an unfinished run; without a value, the newest in runs/",
        metavar="RUN",
        bare="newest",
        place=True,
    )
    track: str | None = option(
        TRACKERS,
        None,
        "tell dotscience or mlflow about the run",
        metavar="dotscience|mlflow",
        place=True,
    )
    tensorboard: Path | None = option(
        PATH,
        None,
        "folder that receives curves for TensorBoard, in a folder of the run's name: tensorboard --logdir DIR",
        metavar="DIR",
        place=True,
    )
    json: bool = option(SWITCH, False, "print the metrics as JSON instead of the summary", place=True)
    quiet: bool = quiet_option()

    @classmethod
    def implied(cls, asked: Mapping[str, Any], stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the recipe sets; UsageError where `--config` holds the settings of another recipe."""
        name = asked.get("recipe", stored.get("recipe", "notebook"))
        if stored.get("recipe", name) != name:
            raise UsageError(
                f"--recipe {name} beside --config {asked['config']}, which holds all settings of a run by the recipe "
                f"{stored['recipe']}: nothing is left for another. Leave --recipe out, or leave --config out"
            )
        settings = RECIPES[name].settings(asked.get("network", stored.get("network")))
        data = asked.get("data", stored.get("data", settings.get("data", "")))
        # What is said of drawn signs has no meaning where there are none. Of own designs each has its share.
        if "synthetic" not in str(data).split("+"):
            return {**settings, "count": None, "redraw": False}
        return {**settings, "count": None} if asked.get("designs", stored.get("designs")) else settings
