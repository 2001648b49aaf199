"""A person's own designs: a folder of flat pictures of signs, SVG or PNG, for the camera to film."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import resvg_py

from ...classes import Classes
from ...errors import DataError
from ...preprocess import Pixels
from ..classes import DECLARED, identify
from ..forms import table
from ..tree import FolderTree
from .designs import Box, Design
from .svg import CANVAS, document

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 2**22
"""Most bytes of a design's file."""
LARGEST = 4096
"""Largest height and width of a PNG, in pixels."""
SIZE = 256
"""Height and width that a design is kept in, in pixels: more than a camera sees of it."""
LEAST = 32
"""Smallest height and width of a PNG's sign, in pixels."""
_ENDINGS = (".svg", ".png")
_WHITE = 232  # the darkest that counts as a white background, of 255


def read(folder: Path) -> tuple[Classes, tuple[Design, ...]]:
    """The designs in `folder`: `NAME.svg` or `NAME.png` for a class, or `NAME/ANY.svg` where it has several.

    A picture is transparent around its sign. Of one without transparency the white around the sign is taken off, where
    all four corners are white. A `classes.csv` in the folder says more of the classes; see `data.classes`.

    Returns:
        The classes, and the designs by class; those of a class are equally frequent.

    Raises:
        DataError: there are fewer than two classes, or a file cannot be used; says which, and why.
        OSError: the folder cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"--designs {folder} is no folder. Expected one of SVG or PNG files, one for each class")
    tree = FolderTree(folder)
    found = [name for name in tree.names if name.lower().endswith(_ENDINGS)]
    deep = next((name for name in found if name.count("/") > 1), None)
    if deep:
        raise DataError(f"{tree.title(deep)} lies too deep; expected NAME.svg, or NAME/ANY.svg for several of a class")
    labels = [name.split("/")[0] if "/" in name else name.rpartition(".")[0] for name in found]
    rows = list(table.rows(tree.read(DECLARED, MAX_BYTES), tree.title(DECLARED))) if tree.has(DECLARED) else []
    classes, ids = identify(set(labels), declared=rows)
    if len(set(labels)) < 2:
        raise DataError(f"{folder} holds {len(set(labels))} designs; expected those of 2 classes or more, as NAME.svg")
    lacking = sorted(set(range(len(classes))) - set(ids.values()))
    if lacking:
        raise DataError(f"{folder} has no design of {classes.some(lacking)}. Add one, or name the rest in {DECLARED}")
    shares = {label: 1 / labels.count(label) for label in labels}
    made = [
        _design(tree.read(name, MAX_BYTES), tree.title(name), ids[label], name, shares[label])
        for name, label in zip(found, labels, strict=True)
    ]
    return classes, tuple(sorted(made, key=lambda design: design.class_id))


def digest(classes: Classes, designs: Sequence[Design]) -> str:
    """SHA-256 of the designs and of the class list, in hexadecimal."""
    made = hashlib.sha256(classes.as_csv().encode())
    for design in designs:
        made.update(f"{design.class_id}\0{design.svg}\0".encode())
    return made.hexdigest()


def _design(data: bytes, title: str, class_id: int, name: str, share: float) -> Design:
    picture = _from_svg(data, title) if name.lower().endswith(".svg") else _from_png(data, title)
    square, box = _square(picture, title)
    file = io.BytesIO()
    square.save(file, "PNG")
    uri = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    svg = document(f'<image width="{CANVAS}" height="{CANVAS}" href="{uri}"/>')
    return Design(class_id, name, share, svg, box)


def _from_svg(data: bytes, title: str) -> Pixels:
    """RGBA of a drawing, its longer side of `SIZE` pixels or a little less."""
    from PIL import Image

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{title} is no text in UTF-8. Expected an SVG file") from None
    if "<text" in text:
        raise DataError(f"{title} holds text, which looks otherwise on every machine. Convert it to paths")
    try:
        png = resvg_py.svg_to_bytes(svg_string=text, width=SIZE, height=SIZE, skip_system_fonts=True)
    except ValueError as error:
        raise DataError(f"{title} is no SVG file that can be drawn: {' '.join(str(error).split())[:200]}") from error
    with Image.open(io.BytesIO(png)) as picture:
        return np.array(picture.convert("RGBA"))


def _from_png(data: bytes, title: str) -> Pixels:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if max(picture.size) > LARGEST:
                raise DataError(f"{title} has {picture.width} x {picture.height} pixels; expected at most {LARGEST:,}")
            return np.array(picture.convert("RGBA"))
    except DataError:
        raise
    except Exception as error:  # Pillow raises whatever the damage leads to
        raise DataError(f"{title} is no PNG file, or damaged: {' '.join(str(error).split())[:100]}") from error


def _square(pixels: Pixels, title: str) -> tuple[Image.Image, Box]:
    """The sign alone in the middle of a square of `SIZE` pixels, and where it is, in units."""
    from PIL import Image

    if (pixels[..., 3] == 255).all():
        pixels = _cut_out(pixels)
    rows, columns = (np.flatnonzero((pixels[..., 3] > 127).any(axis=axis)) for axis in (1, 0))
    if not rows.size or len(rows) < 2 or len(columns) < 2:
        raise DataError(f"{title} shows nothing: all of it is transparent or white")
    sign = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if max(sign.shape[:2]) < LEAST:
        raise DataError(
            f"{title} has a sign of {sign.shape[1]} x {sign.shape[0]} pixels; expected {LEAST} or more. Save it larger"
        )
    scale = SIZE / max(sign.shape[:2])
    height, width = (max(1, round(side * scale)) for side in sign.shape[:2])
    small = Image.fromarray(sign).convert("RGBa").resize((width, height), Image.Resampling.LANCZOS).convert("RGBA")
    square = Image.new("RGBA", (SIZE, SIZE))
    left, top = (SIZE - width) // 2, (SIZE - height) // 2
    square.paste(small, (left, top))
    unit = CANVAS / SIZE
    return square, (left * unit, top * unit, (left + width) * unit, (top + height) * unit)


def _cut_out(pixels: Pixels) -> Pixels:
    """The picture with its white background transparent, if all four corners are white."""
    from PIL import Image, ImageDraw

    alike = np.asarray((pixels[..., :3] >= _WHITE).all(axis=2))
    if not alike[[0, 0, -1, -1], [0, -1, 0, -1]].all():
        return pixels
    mask = Image.fromarray(alike.astype(np.uint8)).copy()
    for corner in ((0, 0), (mask.width - 1, 0), (0, mask.height - 1), (mask.width - 1, mask.height - 1)):
        ImageDraw.floodfill(mask, corner, 2)
    made = pixels.copy()
    made[np.asarray(mask) == 2, 3] = 0
    return made
