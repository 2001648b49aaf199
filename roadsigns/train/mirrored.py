"""Batches divided among devices by TensorFlow: each has the same weights, and takes its part of every step."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .. import backend
from ..config import TrainOptions
from . import devices, epochs


class Mirrored(epochs.Steps):
    """Runs epochs of `model` step by step on several devices, on TensorFlow.

    A twin of the model has a copy of every variable on each device. An epoch begins by taking the model's values into
    the twin, and ends by taking them back. Pictures that are left over after the last whole batch are a step of the
    model alone.

    Args:
        model: one of `networks`, compiled with `averages.AveragingAdam`.
        options: of the run.
    """

    def __init__(self, model: keras.Model, options: TrainOptions) -> None:
        super().__init__(model, options)
        self._strategy = _mirrored(devices.count(options))
        model.optimizer.build(model.trainable_variables)
        with self._strategy.scope():
            self._twin = type(model).from_config(model.get_config())
            self._twin.optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
            self._twin.optimizer.build(self._twin.trainable_variables)
        self._together = tf.function(self._divided, reduce_retracing=True)

    def train(self, pictures: epochs.Pictures, epoch: int) -> tuple[float, float]:
        """Train for the epoch of that number; arguments, returns and randomness as in `epochs.train`."""
        _copy(self._model, self._twin)
        with backend.precision(self._options.precision):
            means = epochs.train(self._twin, pictures, self._options, epoch, self._step)
        _copy(self._twin, self._model)
        return means

    def _step(self, fed: dict[str, Any], labels: Any, counted: Any) -> dict[str, float]:
        if len(labels) < self._options.batch_size:
            _copy(self._twin, self._model)
            means = epochs.alone(self._model)(fed, labels, counted)
            _copy(self._model, self._twin)
            return means
        given = fed, labels, np.ones(len(labels), np.float32) if counted is None else counted
        size = len(labels) // self._strategy.num_replicas_in_sync

        def part(device: Any) -> Any:
            start = device.replica_id_in_sync_group * size
            return tf.nest.map_structure(lambda value: tf.constant(value[start : start + size]), given)

        sums = self._together(self._strategy.experimental_distribute_values_from_function(part))
        loss, right = sums.numpy() / len(labels)
        return {"loss": loss, "accuracy": right}

    def _divided(self, parts: Any) -> Any:
        sums = self._strategy.run(self._part, parts)
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)

    def _part(self, fed: dict[str, Any], labels: Any, counted: Any) -> Any:
        """A device's part of a step: the sums of losses and of right answers."""
        with tf.GradientTape() as tape:
            scores = self._twin(fed, training=True)
            losses = counted * keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True)
            # Slopes are added up over the parts, and their sum is that of the batch's mean.
            share = tf.reduce_sum(losses) / self._options.batch_size
        weights = self._twin.trainable_variables
        self._twin.optimizer.apply(tape.gradient(share, weights), weights)
        right = tf.argmax(scores, axis=1, output_type=labels.dtype) == labels
        return tf.stack([tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, losses.dtype))])


@functools.cache
def _mirrored(number: int) -> tf.distribute.Strategy:
    """One for the whole process: the devices of a second one would join the sums of the first."""
    return tf.distribute.MirroredStrategy(devices.of_tensorflow()[:number])


def _copy(source: keras.Model, target: keras.Model) -> None:
    """Give `target` the values of `source`'s variables and of its optimizer's."""
    for one, other in zip(source.variables, target.variables, strict=True):
        other.assign(one.value)
    for one, other in zip(source.optimizer.variables, target.optimizer.variables, strict=True):
        other.assign(one.value)
