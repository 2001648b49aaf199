"""A batch that needs more memory than the device has: halved, as long as nothing was learnt from it."""

from __future__ import annotations

import dataclasses

from ..config import TrainOptions
from ..errors import UsageError
from . import devices


def halved(options: TrainOptions, error: Exception, *, learnt: bool) -> TrainOptions:
    """The options that a run begins anew with, since `error` says that the device has no room for a step.

    Args:
        options: that the run began with.
        error: what its training raised.
        learnt: whether an epoch is whole already. The batch stays then, since the result depends on it.

    Raises:
        UsageError: there is no half to begin anew with; says which batch to give.
        Exception: `error` itself, if it is another error.
    """
    # TensorFlow's exception and JAX's have this word in their text, or their name.
    if "RESOURCE_EXHAUSTED" not in str(error) and type(error).__name__ != "ResourceExhaustedError":
        raise error
    half = options.batch_size // 2
    several = devices.processes(options)[0] > 1  # which would have to agree
    if learnt or several or not half or half % devices.count(options):
        way = f"Give --batch-size {half}" if half else "Give a smaller --network"
        raise UsageError(f"--batch-size {options.batch_size} needs more memory than the device has. {way}") from error
    return dataclasses.replace(options, batch_size=half)
