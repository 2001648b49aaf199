"""The devices that a training is divided among: those of this process, and of other processes that train with it.

Each device has the whole network and a part of every batch. The sums of a step (of losses, gradients, and of what batch
normalisation takes a mean of) go over all parts, so that a step is that of one device up to rounding.

Several processes, of one machine or of several, find each other by the variables that PyTorch's `torchrun` sets too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import TrainOptions
from ..errors import ModelError, UsageError
from ..kinds import whole
from . import folder

if TYPE_CHECKING:
    import jax

ALL = "all"
VARIABLES = ("MASTER_ADDR", "MASTER_PORT", "WORLD_SIZE", "RANK")
"""Host and port of the first process, how many processes there are, and the number of this one, from 0."""

_SILENCE_SECONDS = 30  # a process that says nothing for so long counts as ended


def processes(options: TrainOptions) -> tuple[int, int]:
    """How many processes train together by the environment, and the number of this one; 1 and 0 where it trains alone.

    Raises:
        UsageError: some of `VARIABLES` are there and others not, or one has a value that cannot be used.
    """
    there = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    if options.devices == 1 or "WORLD_SIZE" not in there:
        return 1, 0
    if missing := [name for name in VARIABLES if name not in there]:
        raise UsageError(f"WORLD_SIZE={there['WORLD_SIZE']} without {missing[0]}. Set all of {', '.join(VARIABLES)}")
    numbers = {}
    for name, least, most in (("WORLD_SIZE", 1, 2**16), ("MASTER_PORT", 1, 2**16 - 1), ("RANK", 0, 2**16)):
        kind = whole(least, most)
        try:
            numbers[name] = kind.read(there[name])
        except ValueError:
            raise UsageError(f"Invalid value for {name}: expected {kind.expects}. Received: {there[name]!r}") from None
    if numbers["RANK"] >= numbers["WORLD_SIZE"]:
        raise UsageError(
            f"Invalid value for RANK: expected a number below WORLD_SIZE={numbers['WORLD_SIZE']}. "
            f"Received: {numbers['RANK']}"
        )
    return numbers["WORLD_SIZE"], numbers["RANK"]


def follow(run: folder.Run | None, options: TrainOptions) -> folder.Run:
    """The run of a process that only trains with the first one: in a folder of its own, which nobody looks at."""
    own = Path(tempfile.mkdtemp(prefix="roadsigns-follows-"))
    told: dict[str, Any] = {"run_dir": own, "quiet": True, "json": False, "track": None}
    if run is None:
        return folder.start(dataclasses.replace(options, **told))
    shutil.copytree(run.path, own, dirs_exist_ok=True)
    return folder.Run(own, dataclasses.replace(options, **told), run.history)


def join(options: TrainOptions) -> None:
    """Find the other processes, if there are any, and check that the devices can do what is asked.

    To be called once, after the backend is loaded and before it computes anything.

    Raises:
        UsageError: there are fewer devices than asked for, they do not divide the batch, or there are several
            processes, which only JAX has a way for.
        ModelError: the other processes are not found.
    """
    import keras

    size, rank = processes(options)
    if options.devices == 1:
        return
    if size > 1 and keras.config.backend() != "jax":
        raise UsageError(f"WORLD_SIZE={size}: several processes train together on JAX alone. Set KERAS_BACKEND=jax")
    if size > 1:
        import jax

        address = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        try:
            jax.distributed.initialize(address, size, rank, heartbeat_timeout_seconds=_SILENCE_SECONDS)
        except Exception as error:  # whatever the connection leads to
            reason = " ".join(str(error).split())[:200]
            raise ModelError(
                f"The {size} processes of this training do not find each other at {address}: {reason}"
            ) from error
    number = count(options)
    if options.batch_size % number:
        raise UsageError(
            f"--batch-size {options.batch_size} cannot be divided among {number} devices. Give "
            f"--batch-size {-(-options.batch_size // number) * number}, or another number of --devices"
        )


def count(options: TrainOptions) -> int:
    """How many devices there are to train on, those of all processes together.

    Raises:
        UsageError: there are fewer than asked for, or, with several processes, more.
    """
    if options.devices == 1:
        return 1
    there, among = _there(), processes(options)[0]
    if options.devices == ALL:
        return there
    if int(options.devices) > there:
        raise UsageError(
            f"--devices {options.devices}: there {'is' if there == 1 else 'are'} {there}. "
            "Give --devices all for all of them"
        )
    if among > 1 and options.devices != there:
        raise UsageError(
            f"--devices {options.devices}: the {among} processes have {there} devices, and all take part. "
            "Give --devices all"
        )
    return int(options.devices)


@contextlib.contextmanager
def others_told() -> Iterator[None]:
    """Within the block, an error of a lost process becomes a ModelError, where several processes compute together."""
    try:
        yield
    except Exception as error:  # of the way between them, whatever it is: sockets on a CPU, NCCL on GPUs
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"Another process of this training has ended, or is not heard of: {reason}. Look at what the others say, "
            "start all of them again, and go on with --resume"
        ) from error


def of_tensorflow() -> list[str]:
    """The names of TensorFlow's devices: its GPUs, or, without any, its view of the processor."""
    import tensorflow as tf

    return [device.name for device in tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")]


def _there() -> int:
    import keras

    if keras.config.backend() == "tensorflow":
        return len(of_tensorflow())
    import jax

    return int(jax.device_count())


class Mesh:
    """JAX's devices in a row, each with the same weights and a part of the batch.

    Args:
        number: how many.
    """

    def __init__(self, number: int) -> None:
        import jax
        import numpy as np

        self.number = number
        self._mesh = jax.sharding.Mesh(np.array(jax.devices()[:number]), ("batch",))
        self.same = jax.sharding.NamedSharding(self._mesh, jax.sharding.PartitionSpec())
        """The layout of a value that is the same on every device."""

    def everywhere(self, values: Any) -> Any:
        """Arrays of this process, or lists of arrays, copied to each device."""
        import jax
        import numpy as np

        def spread(value: Any) -> jax.Array:
            host = np.asarray(value)
            return jax.make_array_from_callback(host.shape, self.same, lambda part: host[part])

        return jax.tree.map(spread, values)

    def divided(self, batch: Any) -> Any:
        """For compiled functions: an array with a part of its rows on each device; unchanged if they do not divide."""
        import jax

        if batch.shape[0] % self.number:
            return batch
        parts = jax.sharding.NamedSharding(self._mesh, jax.sharding.PartitionSpec("batch"))
        return jax.lax.with_sharding_constraint(batch, parts)
