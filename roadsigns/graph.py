"""What an exported version is made of: the functions that it serves, the requests that warm it up, its ONNX twin.

Three signatures, with the preprocessing inside the last two:

    serving_default  x, keep_prob, keep_prob_conv -> y
    predict_images   image_bytes                  -> probabilities, class_ids, class_names, scores
    predict_pixels   images                       -> the same

Source: TensorFlow's SavedModel guide; TensorFlow Serving's SavedModel warm-up guide.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import exported, no_sign, onnx_file, pictures, preprocess
from .classes import METADATA
from .exported import BEST, DEFAULT_SIGNATURE, IMAGES, INPUTS, MODEL_NAME, PIXELS, Tensor

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


def serving_module(model: keras.Model) -> tuple[tf.Module, dict[str, Any]]:
    """The object that is saved, and its functions by signature name.

    Args:
        model: a Keras model with the inputs of `networks.answers.signature`, on the TensorFlow backend.
    """
    import tensorflow as tf

    from .networks import answers

    module = tf.Module()
    module.weights = [variable.value for variable in model.variables]
    channels = answers.channels(model)
    serve = _serving_default(model, channels)
    predict_images, predict_pixels = _with_preprocessing(
        serve, channels, answers.classes(model).names, answers.no_sign(model)
    )
    functions = {
        DEFAULT_SIGNATURE: _traceable(serve, _x(channels), *_specs(INPUTS[DEFAULT_SIGNATURE])),
        IMAGES: _traceable(predict_images, *_specs(INPUTS[IMAGES])),
        PIXELS: _traceable(predict_pixels, *_specs(INPUTS[PIXELS])),
    }
    for name, function in functions.items():
        setattr(module, name, function)
    return module, {name: function.get_concrete_function() for name, function in functions.items()}


def _x(channels: int) -> tf.TensorSpec:
    """The network's own input."""
    import tensorflow as tf

    return tf.TensorSpec((None, preprocess.SIZE, preprocess.SIZE, channels), tf.float32, "x")


def _specs(tensors: Mapping[str, Tensor]) -> list[tf.TensorSpec]:
    """TensorFlow's words for inputs."""
    import tensorflow as tf

    return [
        tf.TensorSpec(shape and [None if size < 0 else size for size in shape], tf.as_dtype(dtype), name)
        for name, (dtype, shape) in tensors.items()
    ]


def _traceable(function: Callable[..., Any], *specs: tf.TensorSpec) -> Any:
    """No AutoGraph: it would read this package's source again, which may have changed since a long training began."""
    import tensorflow as tf

    return tf.function(function, input_signature=specs, autograph=False)


def _serving_default(model: keras.Model, channels: int) -> Callable[..., dict[str, tf.Tensor]]:
    """What answers with the probabilities of all classes, for as many answers as `answers.feed` says."""
    import tensorflow as tf

    from .networks.answers import graph_probabilities

    def serve(x: tf.Tensor, keep_prob: tf.Tensor, keep_prob_conv: tf.Tensor) -> dict[str, tf.Tensor]:
        images = tf.shape(x)[0]
        keeps = {"keep_prob": tf.reshape(keep_prob, [-1]), "keep_prob_conv": tf.reshape(keep_prob_conv, [-1])}
        most = tf.reduce_max([tf.size(keep) for keep in keeps.values()])
        answers = tf.where(images == 1, tf.maximum(most, 1), images)
        for name, keep in keeps.items():
            fits = (tf.size(keep) == 1) | (tf.size(keep) == answers)
            message = f"Invalid shape of `{name}`: expected one number, or one for each answer. Received and answers:"
            with tf.control_dependencies([tf.debugging.Assert(fits, [message, tf.size(keep), answers])]):
                keeps[name] = tf.identity(keep)
        # An empty batch passes as one empty picture, since oneDNN's convolutions fail on none.
        x, *kept = (_pad_if_empty(tensor) for tensor in (x, *keeps.values()))
        repeated = tf.broadcast_to(x, [tf.maximum(answers, 1), preprocess.SIZE, preprocess.SIZE, channels])
        y = graph_probabilities(model, {"x": repeated, **dict(zip(keeps, kept, strict=True))})
        return {"y": y[:answers]}

    return serve


def _with_preprocessing(
    serve: Callable[..., dict[str, tf.Tensor]], channels: int, names: Sequence[str], rule: no_sign.Rule | None
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """`predict_images` and `predict_pixels`: pictures as a client has them, the best classes by name."""
    import tensorflow as tf

    small = tf.TensorSpec((preprocess.SIZE, preprocess.SIZE, 3), tf.uint8)

    def name_classes(images: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = serve(preprocess.graph_preprocess(images, channels), tf.ones([1]), tf.ones([1]))["y"]
        scores, ids = tf.math.top_k(probabilities, min(BEST, len(names)))
        return {
            "probabilities": probabilities,
            "class_ids": tf.cast(ids, tf.int64),
            "class_names": tf.gather(tf.constant(names), ids),
            "scores": scores,
            **({} if rule is None else {"no_sign": no_sign.graph_share(rule, probabilities)}),
        }

    named = _traceable(name_classes, tf.TensorSpec((None, *small.shape), tf.uint8))  # once in the file, called by two

    def decode(data: tf.Tensor) -> tf.Tensor:
        return preprocess.graph_resize(pictures.graph_decode(data)[tf.newaxis])[0]

    def predict_images(image_bytes: tf.Tensor) -> Any:
        return named(tf.map_fn(decode, image_bytes, fn_output_signature=small))

    def predict_pixels(images: tf.Tensor) -> Any:
        return named(preprocess.graph_resize(images))

    return predict_images, predict_pixels


def _pad_if_empty(tensor: tf.Tensor) -> tf.Tensor:
    """`tensor`, or one row of ones where its first axis is empty."""
    import tensorflow as tf

    missing = tf.cast(tf.shape(tensor)[0] == 0, tf.int32)
    return tf.pad(tensor, [[0, missing]] + [[0, 0]] * (tensor.shape.rank - 1), constant_values=1)


def write_warmup(path: Path, channels: int) -> None:
    """Requests that TensorFlow Serving runs before it offers the version: one for each signature."""
    import tensorflow as tf
    from PIL import Image
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    file = io.BytesIO()
    Image.new("RGB", (preprocess.SIZE, preprocess.SIZE), (128, 128, 128)).save(file, "PNG")
    grey = np.full((1, preprocess.SIZE, preprocess.SIZE, 3), 128, np.uint8)
    requests: dict[str, dict[str, Any]] = {
        DEFAULT_SIGNATURE: {
            "x": preprocess.preprocess(grey, channels),
            "keep_prob": np.ones(1, np.float32),
            "keep_prob_conv": np.ones(1, np.float32),
        },
        IMAGES: {"image_bytes": [file.getvalue()]},
        PIXELS: {"images": grey},
    }
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name = MODEL_NAME
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
            writer.write(log.SerializeToString())


def write_onnx(model: keras.Model, path: Path) -> None:
    """What `serving_default` answers at keep probability 1, for ONNX Runtime."""
    import tensorflow as tf

    from .networks import answers

    def at_one(x: tf.Tensor) -> Any:
        return answers.graph_probabilities(model, {"x": x, "keep_prob": tf.ones([1]), "keep_prob_conv": tf.ones([1])})

    onnx_file.write(at_one, [_x(answers.channels(model))], path, {METADATA: answers.classes(model).as_csv()})


def write_dropping(model: keras.Model, path: Path) -> None:
    """What `serving_default` answers at any keep probability, for ONNX Runtime, which is given the random numbers.

    Inputs: `x`, `keep_prob` and `keep_prob_conv` of one value an answer, and for each layer that drops units `noise_0`,
    `noise_1`, ...: float32 numbers in [0, 1), one a unit.
    """
    import tensorflow as tf

    from .networks import answers, random_numbers

    given = [
        _x(answers.channels(model)),
        *(tf.TensorSpec([None], tf.float32, name) for name in ("keep_prob", "keep_prob_conv")),
    ]
    numbers: list[tf.TensorSpec] = []

    def answer(draw: Callable[[Any], Any], *inputs: tf.Tensor) -> Any:
        named = dict(zip((spec.name for spec in given), inputs, strict=True))
        return answers.graph_probabilities(model, named, draw)

    def note(units: tf.Tensor) -> tf.Tensor:
        numbers.append(tf.TensorSpec(units.shape, tf.float32, f"noise_{len(numbers)}"))
        return random_numbers.fresh(units)

    def drop(*inputs: tf.Tensor) -> tf.Tensor:
        left = iter(inputs[len(given) :])
        return answer(lambda _: next(left), *inputs[: len(given)])

    _traceable(functools.partial(answer, note), *given).get_concrete_function()
    onnx_file.write(drop, [*given, *numbers], path, {METADATA: answers.classes(model).as_csv()})


def difference(signatures: Mapping[str, Any], version: Path, channels: int, rule: no_sign.Rule | None) -> float:
    """By how much the ONNX files of a version and its graph differ at most, preprocessing and `no_sign` included.

    Args:
        signatures: the functions that the graph serves.
        version: the version's folder.
        channels: what the network sees, 1 or 3.
        rule: what the version has for pictures without a sign.
    """
    import onnxruntime
    import tensorflow as tf
    from PIL import Image

    random = np.random.default_rng(0)
    contrast = random.uniform(0, 1, (16, 1, 1, 3))
    pixels = (random.integers(0, 256, (16, 48, 40, 3)) * contrast + 255 * (1 - contrast) / 2).astype(np.uint8)
    files = []
    for each in pixels:
        file = io.BytesIO()
        Image.fromarray(each).save(file, "PNG")
        files.append(file.getvalue())
    x = preprocess.preprocess(preprocess.resize(pixels), channels)
    ones = np.ones(1, np.float32)

    def run(path: Path, **keeps: np.ndarray[Any, Any]) -> Any:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        shapes = {each.name: each.shape for each in session.get_inputs()}
        numbers = {
            name: np.zeros((len(x), *shape[1:]), np.float32) for name, shape in shapes.items() if "noise" in name
        }
        return session.run(["y"], {"x": x, **keeps, **numbers})[0]

    exact = run(version / exported.ONNX)
    # As near to 1 as a number can be: no unit drops where all random numbers are 0, and each is divided by it.
    almost = np.full(len(x), np.nextafter(np.float32(1), np.float32(0)))
    ours = {"y": exact, "probabilities": exact, "no_sign": None if rule is None else rule.share(exact)}
    theirs = [
        signatures[DEFAULT_SIGNATURE](x=tf.constant(x), keep_prob=tf.constant(ones), keep_prob_conv=tf.constant(ones)),
        signatures[IMAGES](image_bytes=tf.constant(files)),
        signatures[PIXELS](images=tf.constant(pixels)),
        {"y": run(version / exported.DROPPING, keep_prob=almost, keep_prob_conv=almost)},
    ]
    return max(
        float(np.abs(ours[name] - np.asarray(answer[name])).max())
        for answer in theirs
        for name in ours.keys() & answer.keys()
    )
