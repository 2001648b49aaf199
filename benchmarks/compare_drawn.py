"""How do drawn signs differ from real ones? Prints figures of both, and lays the real signs' means beside the designs.

    python benchmarks/compare_drawn.py ARCHIVE SHEET.png

The sheet shows for each class the mean of its sharpest real training pictures, each moved and scaled to where it looks
most like the drawn ones, and its designs, on one grid of 10 units: a part that is too large, too high or too thin shows
at once. Each figure is told as the 10th, 50th and 90th percentile over the pictures.

The sheet holds a mean of the benchmark's pictures, which is not ours to publish: keep it out of the repository.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw

from roadsigns import data, signs
from roadsigns.data import synthetic
from roadsigns.data.synthetic.camera import photograph
from roadsigns.preprocess import grey, preprocess

CELL, BORDER, SIDE = 232, 16, 32
UNIT = (CELL - 2 * BORDER) / 100
"""Pixels of the sheet for a unit of a design."""
SCALES = np.arange(0.82, 1.22, 0.03)
SHIFTS = np.arange(-3, 3.1, 0.5)
SHARPEST = 0.4
"""Share of a class's pictures that are looked at."""
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
RADIUS, REACH = np.hypot(ROWS, COLUMNS), abs(ROWS) + abs(COLUMNS)

RATIOS = {
    "red ring / white (15)": (15, (RADIUS > 9.5) & (RADIUS < 11.5), 20, RADIUS < 5, 50),
    "digits / white (1)": (1, RADIUS < 6, 10, RADIUS < 8, 85),
    "yellow / white (12)": (12, REACH < 4, 50, (REACH > 8.5) & (REACH < 12), 80),
    "blue / arrow (35)": (35, (RADIUS < 9) & (abs(COLUMNS) > 5), 40, (abs(COLUMNS) < 1) & (abs(ROWS) < 8), 80),
}
"""Two shades of a class: where the darker one is and which percentile is taken there, and the same of the lighter."""


def main(archive: str, sheet: str) -> None:
    real = data.load(archive).train
    images, labels = synthetic.draw(43_000, 0, processes=synthetic.cores())
    for title, (class_id, *places) in RATIOS.items():
        both = real.images[real.labels == class_id], images[labels == class_id]
        tell(title, *(ratio(pictures, *places) for pictures in both))
    equal = [preprocess(real.images)[..., 0], preprocess(images)[..., 0]]
    for title, where in (("border", RADIUS > 17), ("ring", (RADIUS > 8) & (RADIUS < 13)), ("middle", RADIUS < 8)):
        tell(f"steepness in the {title}", *(steepness(pictures, where) for pictures in equal))
    rows = [np.hstack(list(cells(equal[0][real.labels == class_id], class_id))) for class_id in range(signs.COUNT)]
    width = max(row.shape[1] for row in rows)
    Image.fromarray(np.vstack([np.pad(row, ((0, 4), (0, width - row.shape[1]), (0, 0))) for row in rows])).save(sheet)


def tell(title, *both):
    for name, values in zip(("real", "drawn"), both, strict=True):
        print(f"{title:26} {name:6}" + "".join(f"{value:7.3f}" for value in np.percentile(values, [10, 50, 90])))


def ratio(images, dark, dark_percentile, light, light_percentile):
    """Of the two shades in grey levels, in the pictures where they can be told and none is clipped."""
    levels = grey(images).reshape(-1, SIDE, SIDE).astype(float)
    low, high = (
        np.percentile(levels[:, where], percentile, axis=1)
        for where, percentile in ((dark, dark_percentile), (light, light_percentile))
    )
    clear = (high > 25) & (levels[:, light].max(axis=1) < 250)
    return low[clear] / high[clear]


def steepness(pictures, where):
    """Mean difference of neighbours along a row, in equalised pictures."""
    return np.abs(np.diff(pictures, axis=2))[:, where[:, 1:] & where[:, :-1]].mean(axis=1)


def cells(pictures, class_id) -> Iterator[np.ndarray]:
    """The mean of real pictures, then the designs, each on the grid."""
    yield gridded(mean_of(pictures, class_id))
    for design in synthetic.variants(class_id):
        sign = Image.fromarray(synthetic.render(design, CELL - 2 * BORDER))
        cell = Image.new("RGBA", (CELL, CELL), (90, 90, 90, 255))
        cell.alpha_composite(sign, (BORDER, BORDER))
        yield gridded(np.asarray(cell.convert("L")))


def mean_of(pictures, class_id):
    """The mean of the sharpest pictures, each placed as the drawn ones stand that it resembles most."""
    plain = synthetic.Camera().only("swell", "stroke", "defocus")
    drawn = preprocess(photograph(np.full(256, class_id), [0], plain))[..., 0].mean(axis=0)
    places = [(scale, dx, dy) for scale in SCALES for dx in SHIFTS for dy in SHIFTS]
    middle = slice(2, -2)
    templates = unit(np.array([moved(drawn, *place)[middle, middle] for place in places]))
    sharp = steepness(pictures, RADIUS < 10)
    pictures = pictures[sharp >= np.quantile(sharp, 1 - SHARPEST)]
    likeness = unit(pictures[:, middle, middle]) @ templates.T
    best = np.argsort(-likeness.max(axis=1))[: max(12, len(pictures) // 2)]
    total = sum(enlarged(pictures[each], *places[likeness[each].argmax()]) for each in best)
    low, high = np.percentile(total, [2, 98])
    return (np.clip((total - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def unit(pictures):
    flat = pictures.reshape(len(pictures), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


def moved(picture, scale, dx, dy):
    """The picture `scale` times as large about its middle, moved by so many pixels."""
    matrix = (1 / scale, 0, 16 - (16 + dx) / scale, 0, 1 / scale, 16 - (16 + dy) / scale)
    return np.asarray(Image.fromarray(picture).transform((SIDE, SIDE), Image.Transform.AFFINE, matrix, Image.BILINEAR))


def enlarged(picture, scale, dx, dy):
    """The picture with `moved` undone, as large as a cell. The plain camera shows 100 units on 80 / 3 pixels."""
    step = 80 / 300 * scale / UNIT
    start = [16 + shift - step * CELL / 2 for shift in (dx, dy)]
    around = picture[8:24, 8:24]
    level = Image.fromarray((picture - around.mean()) / (around.std() + 0.05))
    matrix = (step, 0, start[0], 0, step, start[1])
    return np.asarray(level.transform((CELL, CELL), Image.Transform.AFFINE, matrix, Image.BICUBIC))


def gridded(shades):
    cell = Image.fromarray(shades).convert("RGB")
    pen = ImageDraw.Draw(cell)
    for line in range(0, 101, 10):
        at, colour = BORDER + line * UNIT, (255, 60, 60) if line % 50 == 0 else (70, 140, 70)
        pen.line((at, 0, at, CELL), fill=colour)
        pen.line((0, at, CELL, at), fill=colour)
    return np.asarray(cell)


if __name__ == "__main__":
    main(*sys.argv[1:])
