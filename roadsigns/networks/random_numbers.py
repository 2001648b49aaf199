"""Random numbers for a graph, on every backend: of a seed, of no seed, or given to the layers that drop units."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import keras
from keras import ops

from .. import backend

Draw = Callable[[Any], Any]
"""What gives random numbers in [0, 1) for units: float32, of their shape."""

_noise: ContextVar[Draw | None] = ContextVar("noise", default=None)


def seeds(seed: int | None) -> Iterator[int | None]:
    """The seeds of a network's parts, one after the other, from the seed of the whole; None gives each a new one."""
    return itertools.repeat(None) if seed is None else itertools.count(seed * 1000 % 2**31)  # JAX takes 32 bits


@contextlib.contextmanager
def noise(draw: Draw) -> Iterator[None]:
    """Let models that are traced in this block drop units by the numbers of `draw`, not by those of their own seeds."""
    token = _noise.set(draw)
    try:
        yield
    finally:
        _noise.reset(token)


def given() -> Draw | None:
    """What the `noise` around this call gives; None outside of any."""
    return _noise.get()


def fresh(units: Any) -> Any:
    """Numbers for `noise` that no seed determines; TensorFlow only."""
    return uniform(ops.shape(units), None)


def uniform(shape: Any, seed: Any) -> Any:
    """Random numbers in [0, 1) of a seed that is drawn already; of no seed where `seed` is None (TensorFlow only)."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        if seed is None:  # seeds 0, 0 ask for numbers that differ at every start, whatever seed TensorFlow was given
            return tf.raw_ops.RandomUniform(shape=shape, dtype=tf.float32, seed=0, seed2=0)
        parts = backend.devices()
        if parts == 1:
            return tf.random.stateless_uniform(shape, seed)
        # All draw for the whole batch, by one seed, and each takes its part: as one device would have it.
        whole = tf.random.stateless_uniform((parts, *shape), seed)
        return whole[tf.distribute.get_replica_context().replica_id_in_sync_group]
    return keras.random.uniform(shape, seed=ops.cast(seed, "uint32"))  # as JAX wants a key


def normal(shape: Any, seed: Any) -> Any:
    """Normal numbers of mean 0 and deviation 1, of a seed that is drawn already."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        return tf.random.stateless_normal(shape, seed)
    return keras.random.normal(shape, seed=ops.cast(seed, "uint32"))
