"""What warning triangles show besides arrows, vehicles and people, and the lines of the road."""

from __future__ import annotations

from .svg import BLACK, GREEN, RED, YELLOW, circle, fill, path, place, stroke


def exclamation() -> str:
    """Exclamation mark."""
    bar = path("M", 45.2, 37, "Q", 45, 33, 50, 33, "Q", 55, 33, 54.8, 37, "L", 52.5, 65.5, "H", 47.5, "Z")
    return fill(bar, BLACK) + circle(50, 74.5, 4.7, BLACK)


def bumps() -> str:
    """Two bumps side by side."""
    road = path(
        *("M", 25, 79, "V", 76.5, "H", 28, "C", 32, 76, 34, 67, 39, 67, "C", 44, 67, 45, 74.5, 50, 74.5),
        *("C", 55, 74.5, 56, 67, 61, 67, "C", 66, 67, 68, 76, 72, 76.5, "H", 75, "V", 79, "Z"),
    )
    return place(fill(road, BLACK), 5, 7.5, scale=0.9)


def narrow_right() -> str:
    """Two lines, the right one bending inward."""
    return stroke(path("M", 44, 80.5, "V", 44.5, "M", 59.5, 80.5, "V", 66.5, "L", 53, 57, "V", 44.5), BLACK, 4.8)


def traffic_light() -> str:
    """Red, yellow and green discs; without a box around them, as in the pictures of the benchmark."""
    return circle(50, 42.5, 6.8, RED) + circle(50, 57.5, 6.8, YELLOW) + circle(50, 73, 6.8, GREEN)


def crystal() -> str:
    """Snow crystal with six arms."""
    return place(_crystal(17.5, 4), 50, 63)


def crystal_over_car(car: str) -> str:
    """Snow crystal over a car on ice, as the older sign shows it."""
    return (
        place(_crystal(8.5, 2), 50, 45) + place(car, 50, 78, scale=0.95) + stroke(path("M", 28, 80, "H", 72), BLACK, 2)
    )


def _crystal(reach: float, pen: float) -> str:
    arm = stroke(path("M", 0, 0, "V", -reach), BLACK, pen) + stroke(
        path("M", -reach * 0.3, -reach * 0.9, "L", 0, -reach * 0.55, "L", reach * 0.3, -reach * 0.9), BLACK, pen * 0.8
    )
    return "".join(place(arm, 0, 0, turn=60 * turn) for turn in range(6))
