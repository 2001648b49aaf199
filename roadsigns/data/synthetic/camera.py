"""Photographs of drawn signs: the rooms of the camera, one after the other."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ...preprocess import Pixels
from ...resize import SIZE
from .designs import Design, variants
from .distributions import Floats
from .factors import Camera
from .frames import Frames
from .lens import blur
from .light import balance, illuminate
from .prints import STEP
from .scene import add_branches, scene
from .sensor import expose
from .view import film, look
from .wear import weather

BLOCK = 32
"""How many pictures are made together: few enough for a core's cache."""

Stream = Callable[[str], np.random.Generator]


def photograph(
    labels: npt.NDArray[np.int64],
    seed: Sequence[int],
    camera: Camera,
    *,
    signs: bool = True,
    designs: Sequence[Design] = (),
) -> Pixels:
    """Take one picture for each label.

    Args:
        labels: class ids, shape `(N,)`.
        seed: whole numbers of at least 0 that all randomness follows from.
        camera: what varies, and how.
        signs: False leaves the signs out: the pictures show the background alone.
        designs: what the signs of each class look like; the German ones where there are none.

    Returns:
        uint8 RGB, shape `(N, 32, 32, 3)`.
    """
    random = streams(seed)
    chosen_designs = [_choose(_of(int(label), designs), random("design").random()) for label in labels]
    amounts = {name: getattr(camera, name).draw(random(name), len(labels)) for name in camera.names()}
    pictures = np.empty((len(labels), SIZE, SIZE, 3), np.uint8)
    if not len(labels):
        return pictures
    view = look(chosen_designs, amounts)
    # Crops of about one size share a canvas.
    order = np.argsort(np.maximum(view.width, view.height), kind="stable")
    for start in range(0, len(order), BLOCK):
        chosen = order[start : start + BLOCK]
        part = view[chosen]
        side = int(max(part.width.max(), part.height.max()))
        frames = Frames({name: values[chosen] for name, values in amounts.items()}, part, side, random)
        pictures[chosen] = _develop(frames, [chosen_designs[index] for index in chosen] if signs else [])
    return pictures


def streams(seed: Sequence[int]) -> Stream:
    """Streams of random numbers by name; a name always gives the same stream."""
    made: dict[str, np.random.Generator] = {}

    def stream(name: str) -> np.random.Generator:
        if name not in made:
            made[name] = np.random.default_rng([*seed, zlib.crc32(name.encode())])
        return made[name]

    return stream


def _of(class_id: int, designs: Sequence[Design]) -> Sequence[Design]:
    return [each for each in designs if each.class_id == class_id] if designs else variants(class_id)


def _choose(designs: Sequence[Design], dice: float) -> Design:
    """A random design of a class; each design comes as often as its share says."""
    for design in designs:
        dice -= design.share
        if dice < 0:
            return design
    return designs[0]


def _develop(frames: Frames, designs: Sequence[Design]) -> Pixels:
    """From the scene to the file."""
    light = scene(frames)
    balance(frames, light)
    if designs:
        sign = _film(frames, designs)
        weather(frames, sign)
        light *= 1 - sign[3]
        light += sign[:3]
    add_branches(frames, light)
    illuminate(frames, light)
    return expose(frames, blur(frames, light))


def _film(frames: Frames, designs: Sequence[Design]) -> Floats:
    """The signs alone: red, green and blue multiplied by alpha, and alpha, `(4, N, S, S)`."""
    view, signs = frames.view, np.empty((len(frames), frames.side, frames.side, 4), np.uint8)
    swells = np.rint(frames.amounts["swell"] / STEP).astype(int).tolist()
    strokes = np.rint(frames.amounts["stroke"]).astype(int).tolist()
    for index, design in enumerate(designs):
        kind = swells[index], strokes[index]
        signs[index] = film(design, view.size[index], view.from_pixels[index], frames.side, *kind)
    return np.multiply(signs.transpose(3, 0, 1, 2), np.float32(1 / 255), order="C")
