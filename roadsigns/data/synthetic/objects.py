"""Pictures that show something, and no sign: textures, text, faces, whole streets.

Each is drawn at four times its size in random colours and light, and shrunk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ...preprocess import SIZE, Pixels

_LARGE = 4 * SIZE
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz 0123456789 .,:!?-&+"
Random = np.random.Generator
Colour = tuple[int, int, int]


def draw_objects(kind: str, count: int, seed: int = 0) -> Pixels:
    """Draw pictures without a sign.

    Args:
        kind: one of `OBJECTS`.
        count: how many, at least 0.
        seed: the same one gives the same bytes on one machine and version.

    Returns:
        uint8 RGB, `(count, 32, 32, 3)`.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in OBJECTS:
        raise ValueError(f"Invalid value for `kind`: expected {', '.join(OBJECTS)}. Received: {kind!r}")
    random = np.random.default_rng([seed, list(OBJECTS).index(kind)])
    pictures = np.empty((count, SIZE, SIZE, 3), np.uint8)
    for place in range(count):
        pictures[place] = _filmed(OBJECTS[kind](random), random)
    return pictures


def _filmed(image: Image.Image, random: Random) -> Pixels:
    """The picture as a camera might take it: with blur, other light, noise."""
    blurred = image.filter(ImageFilter.GaussianBlur(float(random.exponential(2))))
    small = np.asarray(blurred.resize((SIZE, SIZE), Image.Resampling.BOX), np.float64)
    middle, contrast, offset = random.uniform(60, 190), random.uniform(0.5, 1.2), random.normal(0, 25)
    noise = random.normal(0, 1, small.shape) * random.exponential(4)
    result: Pixels = np.clip((small - middle) * contrast + middle + offset + noise, 0, 255).astype(np.uint8)
    return result


def _texture(random: Random) -> Image.Image:
    """A wall of bricks, boards, tiles in two colours, or dots."""
    image, pen = _canvas(random)
    kind, step, other = random.integers(4), int(random.integers(6, 48)), _colour(random)
    lines = range(-_LARGE, 2 * _LARGE, step)
    for row, y in enumerate(lines):
        if kind == 0:  # bricks: every second row is moved by half a brick
            for x in range(-2 * step + row % 2 * step, 2 * _LARGE, 2 * step):
                pen.rectangle((x, y, x + 2 * step - 3, y + step - 3), _near(other, random, 12))
        elif kind == 1:
            pen.rectangle((0, y, _LARGE, y + int(step * random.uniform(0.7, 0.95))), _near(other, random, 15))
        else:
            for x in lines[row % 2 :: 2]:
                draw = pen.rectangle if kind == 2 else pen.ellipse
                draw((x, y, x + step - 1, y + step - 1), other)
    turned = image.rotate(float(random.uniform(0, 180) if kind else random.normal(0, 6)), Image.Resampling.BILINEAR)
    return turned.crop((_LARGE * 3 // 20,) * 2 + (_LARGE * 17 // 20,) * 2)  # its empty corners lie outside


def _text(random: Random) -> Image.Image:
    """Lines of letters, as on a shop, a page or a number plate."""
    image, pen = _canvas(random)
    size, ink = int(random.integers(12, 90)), _contrasting(image, random)
    font = _font(size)
    for y in range(int(random.integers(-size, size)), _LARGE, int(size * 1.3)):
        line = "".join(random.choice(list(_LETTERS), 3 + 400 // size))
        pen.text((int(random.integers(-2 * size, 10)), y), line, ink, font=font)
    return image.rotate(float(random.normal(0, 6)), Image.Resampling.BILINEAR, fillcolor=image.getpixel((0, 0)))


def _face(random: Random) -> Image.Image:
    """A face with hair, eyes, a nose and a mouth, seen from the front or a little from the side."""
    image, pen = _canvas(random)
    tone = random.uniform(0.25, 1)
    skin = _rgb(255 * tone, 205 * tone**1.2, 170 * tone**1.4)
    dark, hair = _rgb(*(0.55 * each for each in skin)), _near(_rgb(*random.choice(_HAIR)), random, 12)
    x, y = random.normal(_LARGE / 2, 7, 2)
    wide, high = random.uniform(27, 42), random.uniform(40, 54)
    aside = random.normal(0, 5)
    pen.rectangle((x - wide / 2, y + high * 0.6, x + wide / 2, _LARGE), dark)
    pen.ellipse((x - 2.2 * wide, y + 1.25 * high, x + 2.2 * wide, y + 4 * high), _colour(random))
    _oval(pen, x, y - 0.2 * high, 1.2 * wide, high * random.uniform(0.9, 1.15), hair)
    _oval(pen, x, y + 4, wide, high, skin)
    pen.chord((x - wide, y - high + 2, x + wide, y + high * 0.4), 200, 340, hair)
    for side in (-1, 1):
        eye = x + aside + side * wide * 0.42
        _oval(pen, eye, y - 4, 7, 4, (240, 238, 235))
        _oval(pen, eye, y - 4, 3.5, 3.8, _near((60, 45, 35), random, 30))
        pen.line((eye - 8, y - 14, eye + 8, y - 15), hair, 3)
    pen.line((x + aside, y, x + aside * 1.6 + 3, y + 14, x + aside - 4, y + 15), dark, 3)
    mouth, smile = y + high * 0.55, random.uniform(-4, 10)
    pen.line([(x + aside + t, mouth - smile * (t / 14) ** 2) for t in range(-14, 15, 4)], (150, 60, 60), 4)
    return image


def _street(random: Random) -> Image.Image:
    """A whole street: sky, houses with windows or trees on both sides, a road that narrows, cars, poles."""
    image = Image.new("RGB", (_LARGE, _LARGE), _near(_rgb(*random.choice(_SKIES)), random, 15))
    pen = ImageDraw.Draw(image)
    horizon, middle = random.uniform(0.4, 0.62) * _LARGE, random.normal(_LARGE / 2, 10)
    pen.rectangle((0, horizon, _LARGE, _LARGE), _near((95, 105, 70), random, 30))
    for side in (-1, 1):
        for near in sorted(random.uniform(0.1, 1, random.integers(2, 5))):
            edge, width = middle + side * (12 + 62 * near), 50 * near
            if random.random() < 0.5:
                _house(pen, edge, width * side, horizon, near, random)
            else:
                green = _near((50, 75, 35), random, 22)
                pen.rectangle(
                    (edge - 2 * near, horizon - 30 * near, edge + 2 * near, horizon + 10 * near), (60, 45, 35)
                )
                _oval(pen, edge, horizon - 40 * near, 22 * near, 28 * near, green)
    grey = _near((105, 105, 108), random, 18)
    pen.polygon([(middle - 3, horizon), (middle + 3, horizon), (_LARGE + 25, _LARGE), (-25, _LARGE)], grey)
    for near in np.linspace(0.15, 1, 6):
        y = horizon + near * (_LARGE - horizon)
        pen.rectangle((middle - near * 1.5, y, middle + near * 1.5, y + 7 * near), (225, 225, 220))
    for near in sorted(random.uniform(0.2, 0.8, random.integers(0, 3))):
        _car(pen, middle + random.choice([-1, 1]) * 30 * near, horizon + near * (_LARGE - horizon), 30 * near, random)
    if random.random() < 0.6:
        x = middle + random.choice([-1, 1]) * random.uniform(35, 60)
        pen.rectangle((x, random.uniform(5, horizon - 10), x + 3, horizon + 20), (70, 70, 72))
    return image


def _house(pen: ImageDraw.ImageDraw, edge: float, width: float, horizon: float, near: float, random: Random) -> None:
    left, right = sorted((edge, edge + width))
    top = horizon - random.uniform(35, 90) * near
    pen.rectangle((left, top, right, horizon + 14 * near), _near((175, 160, 140), random, 40))
    if random.random() < 0.6:
        pen.polygon(
            [(left, top), (right, top), ((left + right) / 2, top - 25 * near)], _near((120, 60, 45), random, 25)
        )
    pane, step = _near((70, 80, 95), random, 25), max(6.0, 15 * near)
    for y in np.arange(top + step / 2, horizon - step / 2, step):
        for x in np.arange(left + step / 3, right - step / 2, step):
            pen.rectangle((x, y, x + step * 0.5, y + step * 0.6), pane)


def _car(pen: ImageDraw.ImageDraw, x: float, y: float, width: float, random: Random) -> None:
    paint = _colour(random)
    pen.rectangle((x - width / 2, y - width * 0.45, x + width / 2, y), paint)
    pen.rectangle(
        (x - width * 0.38, y - width * 0.8, x + width * 0.38, y - width * 0.45), _near((60, 70, 80), random, 20)
    )
    for side in (-1, 1):
        pen.rectangle(_around(x + side * width * 0.4, y - width * 0.3, width * 0.08), (190, 30, 25))
        pen.rectangle(_around(x + side * width * 0.38, y, width * 0.1), (25, 25, 25))


_HAIR = np.array([(40, 28, 22), (90, 60, 35), (190, 150, 90), (150, 150, 150), (120, 50, 30)])
_SKIES = np.array([(150, 185, 225), (205, 210, 215), (110, 130, 160), (235, 215, 195)])

OBJECTS: dict[str, Callable[[Random], Image.Image]] = {
    "textures": _texture,
    "text": _text,
    "faces": _face,
    "streets": _street,
}
"""What draws a picture of each kind, at four times its size."""


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own, the same on every machine."""
    return ImageFont.load_default(size)


def _canvas(random: Random) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (_LARGE, _LARGE), _colour(random))
    return image, ImageDraw.Draw(image)


def _rgb(red: float, green: float, blue: float) -> Colour:
    """A colour, each part cut to what a pixel holds."""
    first, second, third = (int(min(255, max(0, each))) for each in (red, green, blue))
    return first, second, third


def _colour(random: Random) -> Colour:
    return _rgb(*random.uniform(0, 255, 3))


def _near(colour: Sequence[float], random: Random, spread: float) -> Colour:
    red, green, blue = np.asarray(colour) + random.normal(0, spread, 3)
    return _rgb(red, green, blue)


def _contrasting(image: Image.Image, random: Random) -> Colour:
    """Ink for a background of one colour: dark on light, light on dark."""
    light = np.asarray(image)[0, 0].mean() > 127
    return _near((30, 30, 35) if light else (230, 230, 225), random, 30)


def _around(x: float, y: float, half: float) -> tuple[float, float, float, float]:
    return x - half, y - half, x + half, y + half


def _oval(pen: ImageDraw.ImageDraw, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
    pen.ellipse((x - wide, y - high, x + wide, y + high), colour)
