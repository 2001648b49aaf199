"""People and a deer, black and in motion, each where it stands in a triangle on the canvas.

Limbs are lines with round ends: a sign in a picture is too small to show more.
"""

from __future__ import annotations

from .svg import BLACK, circle, fill, path, place, stroke


def walker() -> str:
    """A person who walks to the left."""
    body = path("M", 44.2, 46, "Q", 48.5, 43.5, 52.2, 46.5, "L", 52.6, 62, "H", 44.8, "Z")
    return (
        circle(47, 39.5, 3.7, BLACK)
        + fill(body, BLACK)
        + _limb(46.6, 47, 40.3, 53, 39, 60)
        + _limb(50.6, 47.5, 56, 54, 57.5, 60)
        + _limb(47.6, 60, 46, 69, 38.5, 80.5, width=4.2)
        + _limb(50, 60, 54.5, 69, 59.5, 80.5, width=4.2)
    )


def walker_on_crossing() -> str:
    """The same person on the stripes of a crossing, as older signs show it."""
    stripes = "".join(
        stroke(path("M", x, 82.4, "L", x + 2.2, 76), BLACK, 4.4) for x in (23, 31.5, 40, 48.5, 57, 65.5, 73.5)
    )
    figure = (
        circle(49.5, 36.5, 3.5, BLACK)
        + fill(path("M", 47.2, 42, "Q", 51, 40.5, 54, 43, "L", 54.3, 55, "H", 47.5, "Z"), BLACK)
        + _limb(48.6, 43.5, 43, 49, 42, 55)
        + _limb(52.6, 44, 58, 50, 59, 55)
        + _limb(49.6, 54.5, 47.5, 63, 42, 73.5, width=4)
        + _limb(52, 54.5, 55, 63, 59, 73.5, width=4)
    )
    return stripes + figure


def children() -> str:
    """A smaller and a bigger child, hand in hand, who run to the left."""
    small = (
        circle(37, 55.5, 3.1, BLACK)
        + fill(path("M", 35, 59, "H", 40, "L", 42, 69.5, "H", 33.5, "Z"), BLACK)
        + _limb(36, 60.5, 30, 65.5, width=2.6)
        + _limb(39, 60.5, 46.5, 62.5, width=2.6)
        + _limb(36.5, 69, 31.5, 72.5, 28.5, 70.5, width=2.6)
        + _limb(38.5, 69, 38.5, 79.5, width=3.2)
    )
    big = (
        circle(55.5, 45, 3.6, BLACK)
        + fill(path("M", 51.5, 51.5, "Q", 52, 50, 54, 50, "H", 60, "L", 61, 64, "H", 52.5, "Z"), BLACK)
        + _limb(53, 51.5, 49, 57, 46.5, 62.5, width=3)
        + _limb(59, 51.5, 68.5, 52.5, 67, 57, width=2.8)
        + _limb(55, 63, 55.5, 79.5, width=4.4)
        + _limb(59, 63, 63, 68.5, 71, 73, width=3.8)
    )
    return small + big


def worker() -> str:
    """A person who bends to the right and shovels a heap."""
    heap = path("M", 50.5, 80.5, "L", 58.5, 67, "Q", 63.5, 63.5, 68.5, 66.5, "L", 77.5, 80.5, "Z")
    return (
        fill(heap, BLACK)
        + circle(50.5, 44.5, 3.4, BLACK)
        + _limb(45.5, 49, 39.5, 61, width=7)
        + _limb(45.5, 48, 48.5, 55.5, 43.5, 59, width=3)
        + _limb(38.5, 62, 35.5, 70, 29.5, 79, width=4.2)
        + _limb(41, 62, 45.5, 70, 44.5, 79, width=4.2)
        + stroke(path("M", 37, 55, "L", 54.5, 72), BLACK, 2.2)
    )


def deer() -> str:
    """A deer that leaps to the left."""
    body = path(
        *("M", 37.5, 51.5, "L", 43, 46.5, "L", 47, 47.5, "Q", 48, 54, 50.5, 57.5, "Q", 57, 60, 63, 63.5),
        *("Q", 69.5, 66, 70, 72, "L", 64, 71.5, "Q", 55, 71.5, 49.5, 68.5, "Q", 44, 65, 44.5, 59),
        *("Q", 44, 55, 43, 53, "L", 38.5, 53.5, "Z"),
    )
    leap = (
        fill(body, BLACK)
        + _limb(45.5, 47.5, 46.5, 44, 51, 40.5, width=1.6)
        + _limb(43.5, 47, 43.5, 43.5, 46, 39.5, width=1.4)
        + _limb(48, 65, 41, 65.5, 38, 69.5, width=2.6)
        + _limb(49.5, 67, 44.5, 72, 47, 74.5, width=2.6)
        + _limb(68, 69.5, 72, 74.5, 77, 81.5, width=3)
        + _limb(65.5, 70, 69, 76.5, 71.5, 81.5, width=2.6)
    )
    return place(leap, 2.5, 4.5, scale=0.87)


def _limb(*points: float, width: float = 3.4) -> str:
    """A line from point to point, x and y in turn."""
    return stroke(path("M", points[0], points[1], "L", *points[2:]), BLACK, width, rounded=True)
