"""Weights to begin with: those of a network that is trained already, under a head for the classes at hand."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from .. import keras_file, models
from ..classes import Classes
from ..config import TrainOptions
from ..config.train import NOTHING
from ..errors import ModelError, UsageError
from ..networks.table import TABLE

if TYPE_CHECKING:
    import keras

_HEAD = "scores"


def settled(options: TrainOptions) -> TrainOptions:
    """`options` with the network whose weights `--start` names; loads nothing.

    Raises:
        UsageError: `--start` names no weights, or those of another network than `--network` does.
        ModelError: they are damaged, or of a network that is none of ours.
    """
    if options.start in (None, NOTHING):
        return options
    name = keras_file.network(_find(options).path)
    if name not in TABLE:
        raise ModelError(f"--start {options.start} holds a network {name[:80]!r}: expected one of {', '.join(TABLE)}")
    if "network" in options.asked and options.network != name:
        raise UsageError(
            f"--network {options.network} cannot begin with the weights of {name}, which --start {options.start} "
            f"holds. Leave --network out, or give --start {NOTHING}"
        )
    return dataclasses.replace(options, network=name)


def network(options: TrainOptions, classes: Classes) -> keras.Model:
    """The network of `options` for these classes, with the weights that `--start` names.

    If the weights are for the same classes, the head is theirs too; otherwise the head begins anew.

    Raises:
        ModelError: they are not those of the network.
    """
    from .. import networks
    from ..networks import answers

    found = _find(options)
    trained = keras_file.load(found.path)
    made = networks.build(options.network, options.seed, classes)
    same = answers.classes(trained) == classes
    for layer in made.layers:
        if not layer.weights or (layer.name == _HEAD and not same):
            continue
        try:
            theirs = trained.get_layer(layer.name)
            if [weight.shape for weight in theirs.weights] != [weight.shape for weight in layer.weights]:
                raise ValueError(layer.name)
        except ValueError as error:
            raise ModelError(
                f"{found.name!r} lacks the layer {layer.name!r} of the network {options.network}, or has another. "
                "Name weights that roadsigns train made"
            ) from error
        for own, other in zip(layer.weights, theirs.weights, strict=True):
            own.assign(other)
    return made


def _find(options: TrainOptions) -> models.Model:
    found = models.find(options.start, "--start")
    if found.is_export:
        raise UsageError(
            f"--start {options.start} is an exported version, which cannot be trained on: expected the run that it was "
            "made by, a .keras file, or the name of weights that come with the package"
        )
    return found
