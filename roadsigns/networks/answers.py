"""What every network is fed and what it says: pictures and two keep probabilities in, the classes' scores out.

A keep probability is the share of units *kept*, the complement of Keras's drop rate. It is an input like the pictures:
1 is exact and free of random numbers; below 1 units drop whoever asks, in training or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from .. import backend, console, signs
from ..classes import Classes, numbered
from ..no_sign import Rule
from ..preprocess import SIZE
from .class_list import ClassList
from .layers import KeepProbability, NoSign
from .random_numbers import Draw, fresh, noise


def signature(channels: int) -> tuple[dict[str, Any], Any, Any]:
    """The inputs that every network has, by name: `x`, `keep_prob`, `keep_prob_conv`; and the latter two, checked."""
    inputs = {
        "x": keras.Input((SIZE, SIZE, channels), dtype="float32", name="x"),
        "keep_prob": keras.Input((), dtype="float32", name="keep_prob"),
        "keep_prob_conv": keras.Input((), dtype="float32", name="keep_prob_conv"),
    }
    keep, keep_conv = (KeepProbability(name)(inputs[name]) for name in ("keep_prob", "keep_prob_conv"))
    return inputs, keep, keep_conv


def feed(x: npt.NDArray[np.float32], keep_prob: Any = 1.0, keep_prob_conv: Any = 1.0) -> dict[str, Any]:
    """The inputs of a network, checked, each with one row per answer.

    Args:
        x: float32, shape `(N, 32, 32, C)`, values in [0, 1]; C is 1 (equalised grey) or 3 (RGB).
        keep_prob: share of dense units kept, in (0, 1]: a scalar, `[1]`-shaped, or one value per image; with one image
            also n values, which ask for n answers.
        keep_prob_conv: share of convolution outputs kept, likewise.

    Returns:
        `x`, `keep_prob` and `keep_prob_conv`, float32 arrays of equal length.

    Raises:
        TypeError: `x` is not float32.
        ValueError: `x` has another shape; a keep probability outside (0, 1], NaN included; as many values as neither 1
            nor the images.
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float32:
        raise TypeError(f"`x` must be a NumPy array of float32. Received: {getattr(x, 'dtype', type(x).__name__)}")
    if x.shape[1:] not in ((SIZE, SIZE, 1), (SIZE, SIZE, 3)):
        raise ValueError(f"`x` must have shape (N, {SIZE}, {SIZE}, 1) or (N, {SIZE}, {SIZE}, 3). Received: {x.shape}")
    keeps = {"keep_prob": np.asarray(keep_prob, np.float32), "keep_prob_conv": np.asarray(keep_prob_conv, np.float32)}
    answers = len(x) if len(x) != 1 else max(1, *(keep.size for keep in keeps.values()))
    for name, keep in keeps.items():
        if not np.all((keep > 0) & (keep <= 1)):
            given = keep_prob if name == "keep_prob" else keep_prob_conv
            raise ValueError(f"Invalid value for `{name}`: expected numbers in (0, 1]. Received: {given}")
        if keep.ndim > 1 or keep.size not in (1, answers):
            raise ValueError(
                f"Invalid shape of `{name}`: expected one number, or one for each of {answers} answers. "
                f"Received: shape {keep.shape}"
            )
        keeps[name] = np.broadcast_to(keep, (answers,))
    return {"x": np.broadcast_to(x, (answers, *x.shape[1:])), **keeps}


def probabilities(
    model: keras.Model,
    x: npt.NDArray[np.float32],
    keep_prob: Any = 1.0,
    keep_prob_conv: Any = 1.0,
    *,
    batch_size: int = 256,
) -> npt.NDArray[np.float32]:
    """What a network says: the probability of each class, float32 `(answers, classes)`.

    Arguments and errors as in `feed`, with `x` of as many channels as `model` takes; `batch_size` is the number of
    images that pass through the network at once.
    """
    exact = scores(model, x, keep_prob, keep_prob_conv, batch_size=batch_size)
    weights = np.exp(exact - exact.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def graph_probabilities(model: keras.Model, inputs: dict[str, Any], draw: Draw = fresh) -> Any:
    """What a network says in a graph that is being traced: class probabilities, shape `(answers, classes)`.

    Args:
        model: is on the TensorFlow backend.
        inputs: as `feed` gives them, here tensors.
        draw: gives the random numbers by which units drop; by default each call of the graph draws others.
    """
    with noise(draw):
        return keras.ops.softmax(model(inputs))


@backend.own_settings()
def scores(
    model: keras.Model,
    x: npt.NDArray[np.float32],
    keep_prob: Any = 1.0,
    keep_prob_conv: Any = 1.0,
    *,
    batch_size: int = 256,
) -> npt.NDArray[np.float32]:
    """The scores (logits) of each class, float32 `(answers, classes)`; arguments as those of `probabilities`."""
    inputs = feed(x, keep_prob, keep_prob_conv)
    if x.shape[3] != channels(model):
        raise ValueError(f"`x` must have shape (N, {SIZE}, {SIZE}, {channels(model)}). Received: {x.shape}")
    if not len(inputs["x"]):
        return np.zeros((0, model.output.shape[1]), np.float32)
    starts = range(0, len(inputs["x"]), batch_size)
    batches = ({name: value[start : start + batch_size] for name, value in inputs.items()} for start in starts)
    # Batch by batch: `predict` takes a tenth of a second to set up, whatever the number of images.
    with console.quiet_logging("tensorflow"):  # which remarks on a model called with batches of several lengths
        return np.concatenate([np.asarray(model.predict_on_batch(batch)) for batch in batches])


def channels(model: keras.Model) -> int:
    """What `model` sees: 1 for the equalised grey picture, 3 for RGB."""
    return int(model.input["x"].shape[3])


def classes(model: keras.Model) -> Classes:
    """The classes that `model` tells apart.

    Models that this package trained before class lists travelled with them all tell the German signs apart. Of any
    other model without a list the classes have numbers alone.
    """
    for layer in model.layers:
        if isinstance(layer, ClassList):
            return layer.classes
    count = int(model.output.shape[1])
    ours = any(isinstance(layer, KeepProbability) for layer in _every_layer(model))
    return signs.CLASSES if ours and count == signs.COUNT else numbered(count)


def with_classes(model: keras.Model, classes: Classes) -> keras.Model:
    """`model` with a class list, in the place of one that it has."""
    table = classes.as_csv()
    for layer in model.layers:
        if isinstance(layer, ClassList):
            layer.table = table
            return model
    return keras.Model(model.input, ClassList(table, name="classes")(model.output), name=model.name)


def no_sign(model: keras.Model) -> Rule | None:
    """The rule by which `model` knows pictures that show none of its classes; None where it has none."""
    return next((layer.rule for layer in model.layers if isinstance(layer, NoSign)), None)


def with_no_sign(model: keras.Model, rule: Rule) -> keras.Model:
    """`model` with a rule for pictures that show none of its classes, in the place of one that it has."""
    pairs = rule.square.ndim == 2
    scores = model.output
    for layer in model.layers:
        if isinstance(layer, NoSign):
            if layer.pairs == pairs:
                layer.rule = rule
                return model
            scores = layer.input
    layer = NoSign(pairs, name="no_sign")
    judged = keras.Model(model.input, layer(scores), name=model.name)
    layer.rule = rule
    return judged


def multiply_adds(model: keras.Model) -> int:
    """Multiply-adds that one image takes in the convolutions and dense layers of `model`.

    Raises:
        TypeError: a layer has a kernel and is of a kind that is not counted here.
    """
    return sum(_multiply_adds(layer) for layer in _every_layer(model))


_CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)


def _multiply_adds(layer: keras.Layer) -> int:
    kernels = [weight for weight in layer.trainable_weights if weight.name.endswith("kernel")]
    size = sum(int(np.prod(kernel.shape)) for kernel in kernels)
    if isinstance(layer, layers.Dense):
        return size
    if isinstance(layer, _CONVOLUTIONS) and layer.data_format == "channels_last":
        return size * int(np.prod(layer.output.shape[1:3]))
    if kernels:
        raise TypeError(f"Multiply-adds of a {type(layer).__name__} are not counted: layer {layer.name!r}")
    return 0


def _every_layer(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _every_layer(layer)
        else:
            yield layer


def reseed(model: keras.Model, *key: int) -> None:
    """Let `key` alone determine which units `model` drops, and all else that is random in it, from here on."""
    for layer in _every_layer(model):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            name = int.from_bytes(layer.path.encode(), "big")
            state = np.random.SeedSequence([*key, name]).generate_state(2) >> 1  # fits an int32 too
            generator.state.assign(state.astype(np.int32))
