"""Training: from a data set to a run's folder, its figures and an exported version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..callable import as_function

if TYPE_CHECKING:
    from ..config import TrainOptions


def train(options: TrainOptions | None = None, **settings: Any) -> dict[str, Any]:
    """Train, evaluate and export, as `roadsigns train` does; `roadsigns.train(...)` is the same.

    Args:
        options: what a run may vary; or leave it out and give
        **settings: some of its fields by name. The others are what variables of the environment and the recipe say, or
            their defaults.

    Returns:
        The figures that are in the run's `metrics.json`.

    Raises:
        UsageError: a setting is none, or cannot be followed.
        RoadsignsError: the data set cannot be had, training diverged, or nothing can be exported.
        OSError: a folder cannot be written.

    Examples:
        >>> roadsigns.train(data="synthetic", count=1000, recipe="quick", epochs=2)  # doctest: +SKIP
    """
    from ..config import TrainOptions
    from .__main__ import carry_out

    return carry_out(TrainOptions.of(options, settings))


as_function(__name__, train)
