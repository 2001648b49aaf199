"""Other views of the training pictures: each as another camera, in another light, might have seen the same sign.

One function of pictures, classes and a seed, in `keras.ops`, for TensorFlow and JAX to compile. Every picture draws its
own amounts. `Amounts` has the largest of each; the defaults are those that did best for networks on colour pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from keras import ops

from .. import signs
from ..classes import Classes, partners
from ..config.train import TrainOptions
from ..networks.random_numbers import normal, uniform
from ..networks.warp import sample


@dataclass(frozen=True)
class Amounts:
    """The largest amount of each change; at 0 there is none. Lengths are in halves of a picture's side.

    Attributes:
        turn: degrees, to either side.
        scale: natural logarithm of the factor of both sides.
        unequal: the same of one side against the other.
        shear, shift, perspective: how far a corner moves.
        looser, tighter: natural logarithms of the factors between which a quarter of the pictures are framed.
        contrast, brightness, gamma, colour: natural logarithms; `colour` is that of each channel for itself.
        offset: added to all of a picture, whose white is 1.
        saturation: share by which the distance to grey grows or shrinks.
        blur: weight of each neighbour in three, along both sides, in half of the pictures.
        smear: the same along one side, in a fifth.
        coarse: share of half the resolution mixed in, in a fifth.
        noise: deviation, times a squared uniform number.
        cover: side of the rectangle in one colour that covers part of half of the pictures, of at least 2 pixels.
        exposure: natural logarithm of the factor of all light, times a cubed number in [-1, 1); white is cut off.
        jpeg: a quarter of the pictures is saved as JPEG of a quality from 100 down to 100 - 90 times this.

    Raises:
        ValueError: a number is negative or not finite.
    """

    turn: float = 12.0
    scale: float = 0.15
    unequal: float = 0.08
    shear: float = 0.12
    shift: float = 0.12
    perspective: float = 0.1
    looser: float = 0.6
    tighter: float = 0.25
    contrast: float = 0.5
    brightness: float = 0.5
    gamma: float = 0.4
    colour: float = 0.1
    offset: float = 0.12
    saturation: float = 0.5
    blur: float = 0.25
    smear: float = 1 / 3
    coarse: float = 1.0
    noise: float = 0.04
    cover: float = 10 / 16
    exposure: float = 0.0
    jpeg: float = 0.0
    mirror: bool = True

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < math.inf:
                raise ValueError(f"Invalid value for `{name}`: expected a number of at least 0. Received: {value}")

    def times(self, factor: float) -> Amounts:
        """These amounts times a factor of at least 0; at 0 nothing is mirrored either."""
        amounts = {name: value * factor for name, value in vars(self).items()}
        return Amounts(**{**amounts, "mirror": self.mirror and factor > 0})

    def damaged(self, factor: float) -> Amounts:
        """More of what poor cameras, bad light and dirt do, times a factor of at least 0.

        The defaults and 1 reach the strongest level of `corruptions` in noise, covers and JPEG; exposure almost does.
        """
        return replace(
            self,
            noise=self.noise + 0.1 * factor,
            cover=self.cover + 0.4 * factor,
            exposure=self.exposure + 1.4 * factor,
            jpeg=min(1.0, self.jpeg + factor),
        )


def asked(options: TrainOptions) -> Amounts | None:
    """The amounts that a run asks for; None where its pictures are to stay as they are."""
    if not (options.augment or options.damage):
        return None
    return Amounts().times(options.augment).damaged(options.damage)


_PLACES = 32  # random numbers of a picture
_LUMINANCE = """
16 11 10 16  24  40  51  61    12 12 14 19  26  58  60  55    14 13 16 24  40  57  69  56    14 17 22 29  51  87  80  62
18 22 37 56  68 109 103  77    24 35 55 64  81 104 113  92    49 64 78 87 103 121 120 101    72 92 95 98 112 100 103 99
"""
_CHROMINANCE = """
17 18 24 47 99 99 99 99    18 21 26 66 99 99 99 99    24 26 56 99 99 99 99 99    47 66 99 99 99 99 99 99
99 99 99 99 99 99 99 99    99 99 99 99 99 99 99 99    99 99 99 99 99 99 99 99    99 99 99 99 99 99 99 99
"""


def augment(
    pictures: Any, labels: Any, seed: Any, amounts: Amounts = Amounts(), classes: Classes = signs.CLASSES
) -> tuple[Any, Any]:
    """Change each picture, and its class where it is mirrored.

    Args:
        pictures: uint8 RGB, shape `(N, S, S, 3)`, S even.
        labels: int32 class ids, shape `(N,)`.
        seed: int32, shape `(2,)`; the same gives the same bits on the same backend.
        amounts: how much of each change.
        classes: which of them may be mirrored, and what they become.

    Returns:
        float32 pictures in [0, 1], shape `(N, S, S, 3)`, and int32 labels.
    """
    x = ops.cast(pictures, "float32") / 255
    count = ops.shape(x)[0]
    numbers = uniform((count, _PLACES), seed)
    draws = (numbers[:, place] for place in range(_PLACES))
    labels, flip = _mirrored(ops.cast(labels, "int32"), next(draws), amounts, classes)
    x = _warped(x, flip, draws, amounts)
    x = _filtered(x, draws, amounts)
    x = _lit(x, draws, amounts)
    x = _covered(x, draws, amounts)
    spread = amounts.noise * ops.square(next(draws))[:, None, None, None]
    exposure, jpeg = next(draws), next(draws)
    if amounts.exposure:
        x = x * ops.exp(_within(exposure, 1.0) ** 3 * amounts.exposure)[:, None, None, None]
    x = ops.clip(x + spread * normal(ops.shape(x), seed), 0.0, 1.0)
    return (_compressed(x, jpeg, amounts) if amounts.jpeg else x), labels


def _mirrored(labels: Any, draw: Any, amounts: Amounts, classes: Classes) -> tuple[Any, Any]:
    """The classes, and 1 where the picture keeps its sides, -1 where they change."""
    found = ops.take(ops.convert_to_tensor(np.array(partners(classes), np.int32)), labels, axis=0)
    flips = ops.logical_and(found >= 0, draw < (0.5 if amounts.mirror else 0.0))
    return ops.where(flips, found, labels), ops.where(flips, -1.0, 1.0)


def _warped(x: Any, flip: Any, draws: Iterator[Any], amounts: Amounts) -> Any:
    """One bilinear resampling, with the edge repeated: place p of the result is place (A p + t) / (1 + q p) of `x`."""
    side = x.shape[1]
    half = (side - 1) / 2
    angle = _within(next(draws), math.radians(amounts.turn))
    framed = next(draws)
    frame = (amounts.looser + amounts.tighter) * 4 * framed - amounts.tighter  # uniform where `framed` is below 1/4
    scale = _within(next(draws), amounts.scale)
    scale = ops.exp(ops.where(framed < 0.25, frame, scale))
    unequal = ops.exp(_within(next(draws), amounts.unequal))
    shear = _within(next(draws), amounts.shear)
    cos, sin = ops.cos(angle) * scale, ops.sin(angle) * scale
    wide, high = flip * unequal, 1 / unequal
    a, b = cos * wide, (cos * shear - sin) * high
    c, d = sin * wide, (sin * shear + cos) * high
    shift_x, shift_y = (_within(next(draws), amounts.shift) for _ in range(2))
    tilt_x, tilt_y = (_within(next(draws), amounts.perspective) for _ in range(2))
    steps = (np.arange(side) - half) / half
    v, u = (grid.ravel().astype(np.float32)[None, :] for grid in np.meshgrid(steps, steps, indexing="ij"))
    a, b, c, d, shift_x, shift_y, tilt_x, tilt_y = (
        each[:, None] for each in (a, b, c, d, shift_x, shift_y, tilt_x, tilt_y)
    )
    depth = half / (1 + tilt_x * u + tilt_y * v)
    places = ((a * u + b * v + shift_x) * depth + half, (c * u + d * v + shift_y) * depth + half)
    return ops.reshape(sample(x, *places), (-1, side, side, 3))


def _filtered(x: Any, draws: Iterator[Any], amounts: Amounts) -> Any:
    """Half the resolution, and three-pixel filters along both sides."""
    side = x.shape[1]
    blur = next(draws)
    blur = ops.where(blur < 0.5, 2 * blur * amounts.blur, 0.0)
    smear, coarse = next(draws), next(draws)
    coarse = ops.where(coarse < 0.2, 5 * coarse * amounts.coarse, 0.0)[:, None, None, None]
    pooled = ops.average_pool(x, 2, strides=2, data_format="channels_last")
    x = x + coarse * (ops.repeat(ops.repeat(pooled, 2, axis=1), 2, axis=2) - x)
    for axis, (low, high) in ((1, (0.0, 0.1)), (2, (0.1, 0.2))):
        along = ops.logical_and(smear >= low, smear < high)
        weight = ops.where(along, ops.maximum((smear - low) * 10 * amounts.smear, blur), blur)[:, None, None, None]
        first, last = (ops.take(x, ops.array([place]), axis=axis) for place in (0, side - 1))
        padded = ops.concatenate([first, x, last], axis=axis)
        before, after = (
            padded[:, start : start + side] if axis == 1 else padded[:, :, start : start + side] for start in (0, 2)
        )
        x = x + weight * (before + after - 2 * x)
    return x


def _lit(x: Any, draws: Iterator[Any], amounts: Amounts) -> Any:
    """Saturation, gamma, then one gain and offset for each channel: colour, contrast, brightness."""
    grey = ops.mean(x, axis=3, keepdims=True)
    x = grey + (1 + _within(next(draws), amounts.saturation)[:, None, None, None]) * (x - grey)
    gamma = ops.exp(_within(next(draws), amounts.gamma))[:, None, None, None]
    x = ops.power(ops.clip(x, 1e-4, 1.0), gamma)
    contrast = ops.exp(_within(next(draws), amounts.contrast))[:, None]
    brightness = ops.exp(_within(next(draws), amounts.brightness))[:, None]
    tint = ops.exp(ops.stack([_within(next(draws), amounts.colour) for _ in range(3)], axis=1))
    offset = _within(next(draws), amounts.offset)[:, None]
    mean = ops.mean(x, axis=(1, 2, 3))[:, None]
    gain = contrast * tint
    shift = brightness * mean - mean * gain + offset
    return x * gain[:, None, None, :] + shift[:, None, None, :]


def _covered(x: Any, draws: Iterator[Any], amounts: Amounts) -> Any:
    """A rectangle in one colour."""
    side = x.shape[1]
    most = amounts.cover * side / 2
    there = ops.cast(ops.logical_and(next(draws) < 0.5, most >= 2), "float32")[:, None]
    places = ops.arange(side, dtype="float32")[None, :]
    covered = []
    for _ in range(2):
        length = 2 + next(draws) * max(most - 2, 0)
        start = next(draws) * (side - length)
        inside = ops.logical_and(places >= start[:, None], places < (start + length)[:, None])
        covered.append(ops.cast(inside, "float32") * there)
    mask = (covered[0][:, :, None] * covered[1][:, None, :])[..., None]
    colour = ops.stack([next(draws) for _ in range(3)], axis=1)[:, None, None, :]
    return x + mask * (colour - x)


def _compressed(x: Any, draw: Any, amounts: Amounts) -> Any:
    """What JPEG leaves of them, with colours at half resolution: ITU-T T.81 and its Annex K, JFIF's YCbCr."""
    strength = ops.where(draw < 0.25, 4 * draw * amounts.jpeg, 0.0)[:, None, None]
    quality = 100 - 90 * strength
    scale = ops.where(quality < 50, 50 / quality, 2 - quality / 50)  # of the tables, which are those of quality 50
    red, green, blue = (255 * x[..., channel] for channel in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    light = _quantised(luma - 128, _LUMINANCE, scale) + 128
    place = np.arange(x.shape[1])
    halves = np.eye(len(place) // 2, dtype=np.float32)
    beside = np.clip(place // 2 + 2 * (place % 2) - 1, 0, len(halves) - 1)
    larger = ops.convert_to_tensor(0.75 * halves[place // 2] + 0.25 * halves[beside])  # as libjpeg enlarges colours
    tints = []
    for colour, of_white in ((blue, 1.772), (red, 1.402)):
        half = ops.average_pool(((colour - luma) / of_white)[..., None], 2, strides=2, data_format="channels_last")
        half = _quantised(half[..., 0], _CHROMINANCE, scale)
        tints.append(of_white * (larger @ half @ ops.transpose(larger)))
    blue, red = light + tints[0], light + tints[1]
    green = (light - 0.299 * red - 0.114 * blue) / 0.587
    made = ops.clip(ops.stack([red, green, blue], axis=3) / 255, 0.0, 1.0)
    return ops.where(strength[..., None] > 0, made, x)


def _quantised(plane: Any, table: str, scale: Any) -> Any:
    """Levels, `(N, S, S)`, after their blocks of eight by eight were rounded in the cosine domain."""
    side = plane.shape[1]
    place = np.arange(8)
    cosines = np.cos((2 * place + 1) * place[:, None] * math.pi / 16) / 2
    cosines[0] /= math.sqrt(2)
    blocks = ops.convert_to_tensor(np.kron(np.eye(side // 8), cosines).astype(np.float32))
    steps = np.array(table.split(), np.float32).reshape(8, 8)
    step = ops.clip(ops.floor(scale * np.tile(steps, (side // 8, side // 8)) + 0.5), 1.0, 255.0)
    frequencies = ops.round(blocks @ plane @ ops.transpose(blocks) / step) * step
    return ops.transpose(blocks) @ frequencies @ blocks


def _within(draw: Any, most: float) -> Any:
    """A number in [0, 1) to one in [-most, most)."""
    return (2 * draw - 1) * most


def compiled(amounts: Amounts, classes: Classes = signs.CLASSES) -> Any:
    """`augment` with these amounts and classes, compiled for the backend that is loaded."""

    def function(pictures: Any, labels: Any, seed: Any) -> tuple[Any, Any]:
        return augment(pictures, labels, seed, amounts, classes)

    if keras.config.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, autograph=False, reduce_retracing=True)
