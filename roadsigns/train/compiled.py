"""An epoch as few calls of a function that JAX compiles: pictures, order and weights stay on the device.

A step of a small network takes an accelerator less time than Python takes to ask for it. Here the device goes from step
to step by itself: it picks the pictures of a batch, changes them, and moves the weights and their averages. Python asks
for as many steps as take about half a second, so that progress is seen and Ctrl-C is heard.

The results are those of `epochs`, step by step, apart from the order in which sums are rounded.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from .. import machine
from ..config import TrainOptions
from ..console import progress
from ..data import Split
from ..files import cache_folder
from ..networks import answers
from ..preprocess import device_preprocess, equalize, grey
from . import augment, devices, epochs
from .lowering import lowered

_PAUSE = 0.5  # seconds between two looks at the device
_ROOM = 0.5  # share of the device's free memory that pictures may take
_LUGGAGE = 2**28  # bytes of pictures that travel to the device at a time, where it has no room for all


@dataclass(frozen=True)
class Placed:
    """Training pictures where the compiled function reads them.

    Attributes:
        images: uint8 `(N, 32, 32, C)`; an array of the device, or of NumPy where the device has no room for them.
        labels: int32 `(N,)`, likewise.
        resident: whether they are on the device.
    """

    images: Any
    labels: Any
    resident: bool

    def __len__(self) -> int:
        return len(self.labels)


class Compiled:
    """Runs epochs of `model`, on JAX.

    Args:
        model: one of `networks`, compiled with `averages.AveragingAdam`.
        options: of the run.
    """

    def __init__(self, model: keras.Model, options: TrainOptions) -> None:
        self._model = model
        self._options = options
        self._amounts = augment.asked(options)
        self._channels = answers.channels(model)
        self._functions: dict[tuple[int, ...], Any] = {}
        self._pace = 0.0  # steps a second
        self._together = 0  # steps, once it is asked for
        number = devices.count(options)
        self._mesh = devices.Mesh(number) if number > 1 else None
        self._alone = devices.processes(options)[0] == 1
        self._weights: npt.NDArray[np.float32] | None = None
        model.optimizer.build(model.trainable_variables)
        _keep_compiled()

    def again(self, options: TrainOptions) -> None:
        """Go on with options that differ in the seed alone, for which nothing is compiled anew."""
        self._options = options

    def place(self, split: Split) -> Placed:
        """Pictures made ready: on the device if it has room, else in memory, from where they travel each epoch."""
        import jax

        images, labels = split.images, split.labels.astype(np.int32)
        self._weights = epochs.class_weights(split, self._options)
        if self._channels == 1 and not self._amounts:  # once for all epochs
            images = equalize(grey(images))[..., np.newaxis]
        resident = images.nbytes <= _ROOM * _free_memory()
        if resident and self._mesh:
            images, labels = self._mesh.everywhere((images, labels))
        elif resident:
            images, labels = jax.device_put((images, labels))
        return Placed(images, labels, resident)

    def train(self, pictures: Placed, epoch: int) -> tuple[float, float]:
        """Train for the epoch of that number; arguments, returns and randomness as in `epochs.train`."""
        answers.reseed(self._model, self._options.seed, epoch)
        order = epochs.chosen(len(pictures), self._options, epoch).astype(np.int32)
        size = self._options.batch_size
        seeds = np.stack(
            [epochs.augmentation_seed(self._options, epoch, start) for start in range(0, len(order), size)]
        )
        whole = len(order) // size
        state = self._state()
        sums = np.zeros(2)
        with progress(f"epoch {epoch}/{self._options.epochs}") as tell:
            room = whole if pictures.resident else min(whole, self._travelling(pictures))
            for start, stop in self._spans(whole, room):
                steps = order[start * size : stop * size].reshape(-1, size)
                state, part = self._run(state, pictures, steps, seeds[start:stop], room)
                sums += part
                tell(stop * size, len(order))
            if whole * size < len(order):
                state, part = self._run(state, pictures, order[None, whole * size :], seeds[whole:], 1)
                sums += part
                tell(len(order), len(order))
        self._take(state)
        loss, right = sums / len(order)
        return float(loss), float(right)

    def _travelling(self, pictures: Placed) -> int:
        """The steps whose pictures travel together: as many each time, so that one compiled function serves all."""
        if not self._together:
            bytes_a_step = self._options.batch_size * pictures.images[0].nbytes
            self._together = max(1, int(min(_LUGGAGE, _ROOM * _free_memory()) // bytes_a_step))
        return self._together

    def _spans(self, steps: int, room: int) -> Iterator[tuple[int, int]]:
        """The steps in parts of at most `room`, which take `_PAUSE` each by the pace so far."""
        done = 0
        while done < steps:
            # Processes that train together ask for the same steps, whatever their own pace.
            most = min(room, max(1, int(self._pace * _PAUSE))) if self._alone else room
            began, stop = time.perf_counter(), min(steps, done + most)
            yield done, stop
            self._pace = (stop - done) / (time.perf_counter() - began)
            done = stop

    def _run(
        self, state: Any, pictures: Placed, order: npt.NDArray[np.int32], seeds: npt.NDArray[np.int32], room: int
    ) -> tuple[Any, npt.NDArray[np.float64]]:
        """So many steps, of at most `room`: the state after them, and the sums of losses and of right answers."""
        steps, size = order.shape
        if pictures.resident:
            images, labels = pictures.images, pictures.labels
        else:
            chosen = _padded(order, room).ravel()
            images, labels = pictures.images[chosen], pictures.labels[chosen]
            order = np.arange(steps * size, dtype=np.int32).reshape(steps, size)
        given = (images, labels, _padded(order, room), _padded(seeds, room), np.int32(steps))
        key = (images.shape[0], room, size)
        if key not in self._functions:
            self._functions[key] = self._compile(state, *given)
        with contextlib.nullcontext() if self._alone else devices.others_told():
            state, sums = self._functions[key](state, *given)
            return state, np.asarray(sums, np.float64)

    def _compile(self, *given: Any) -> Any:
        import jax

        with lowered(self._model, self._options.precision):
            placed = {"out_shardings": self._mesh.same} if self._mesh else {}
            traced = jax.jit(self._steps, donate_argnums=0, **placed).lower(*given)
        return traced.compile()

    def _steps(self, state: Any, images: Any, labels: Any, order: Any, seeds: Any, count: Any) -> tuple[Any, Any]:
        import jax

        def step(number: Any, carried: Any) -> Any:
            state, sums = carried
            batch = images[order[number]], labels[order[number]]
            if self._mesh:
                batch = self._mesh.divided(batch[0]), self._mesh.divided(batch[1])
            state, part = self._step(state, *batch, seeds[number])
            return state, sums + part

        state, sums = jax.lax.fori_loop(0, count, step, (state, ops.zeros(2)))
        return state, sums

    def _step(self, state: Any, images: Any, labels: Any, seed: Any) -> tuple[Any, Any]:
        import jax

        options, model = self._options, self._model
        x, labels = self._seen(images, labels, seed)
        keeps = {name: ops.full((len(labels),), getattr(options, name)) for name in ("keep_prob", "keep_prob_conv")}
        weights, others, moments = state

        def loss(weights: Any) -> Any:
            scores, rest = model.stateless_call(weights, others, {"x": x, **keeps}, training=True)
            scores = ops.cast(scores, "float32")
            losses = keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True)
            if self._weights is not None:
                losses = losses * ops.take(ops.convert_to_tensor(self._weights), labels)
            right = ops.sum(ops.cast(ops.argmax(scores, axis=1) == labels, "float32"))
            return ops.mean(losses), (rest, ops.stack([ops.sum(losses), right]))

        slope, (others, sums) = jax.grad(loss, has_aux=True)(weights)
        weights, moments = model.optimizer.stateless_apply(moments, slope, weights)
        return (weights, others, moments), sums

    def _seen(self, images: Any, labels: Any, seed: Any) -> tuple[Any, Any]:
        """A batch as the network sees it: what `epochs.Pictures.batch` gives."""
        if not self._amounts:
            return ops.cast(images, "float32") / 255, labels
        x, labels = augment.augment(images, labels, seed, self._amounts, answers.classes(self._model))
        if self._channels == 1:
            x = device_preprocess(ops.round(x * 255))
        return x, labels

    def _state(self) -> Any:
        model = self._model
        parts = model.trainable_variables, model.non_trainable_variables, model.optimizer.variables
        state = tuple([variable.value for variable in part] for part in parts)
        return self._mesh.everywhere(state) if self._mesh else state

    def _take(self, state: Any) -> None:
        model = self._model
        parts = model.trainable_variables, model.non_trainable_variables, model.optimizer.variables
        for variables, values in zip(parts, state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                # The values on all devices are the same; this process takes its own.
                variable.assign(np.asarray(value) if self._mesh else value)


def suits(number: int = 1) -> bool:
    """Whether epochs are compiled for so many devices: on JAX, with an accelerator or with several devices.

    On a CPU a step outlasts the call for it.
    """
    return keras.config.backend() == "jax" and (number > 1 or machine.accelerator() is not None)


def _padded(values: npt.NDArray[np.int32], length: int) -> npt.NDArray[np.int32]:
    return np.pad(values, ((0, length - len(values)), (0, 0)))


def _free_memory() -> float:
    """Bytes that the device has left; without bound where it does not say."""
    import jax

    stats = jax.local_devices()[0].memory_stats() or {}
    return float(stats.get("bytes_limit", np.inf)) - float(stats.get("bytes_in_use", 0))


def _keep_compiled() -> None:
    """Have JAX keep what it compiles on disk, unless a person has said where: the next run begins at once."""
    import jax

    if jax.config.jax_compilation_cache_dir is None:
        with contextlib.suppress(RuntimeError):  # no home folder
            jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
