"""Cars, lorries and a bicycle, each around an origin of its own; black shapes with holes for windows."""

from __future__ import annotations

from .svg import BLACK, circle, fill, path, place, rectangle, stroke


def car(colour: str = BLACK) -> str:
    """A car from behind, 29 units wide: its origin is the middle of the line on which it stands."""
    body = path(
        *("M", -14.5, -3.4, "V", -9.4, "Q", -14.5, -11, -12.6, -11.2, "L", -9.4, -17.2, "Q", -9, -18, -8, -18),
        *("H", 8, "Q", 9, -18, 9.4, -17.2, "L", 12.6, -11.2, "Q", 14.5, -11, 14.5, -9.4, "V", -3.4, "Z"),
        *("M", -9.6, -11.4, "H", 9.6, "L", 7.4, -15.9, "H", -7.4, "Z"),
    )
    wheels = rectangle(-13.5, -4.5, 6, 4.5, colour, rounding=0.8) + rectangle(7.5, -4.5, 6, 4.5, colour, rounding=0.8)
    return fill(body, colour) + wheels


def lorry_behind(colour: str) -> str:
    """A lorry from behind, 28 units wide: its origin is the middle of the line on which it stands."""
    return (
        rectangle(-14, -33, 28, 24.5, colour)
        + rectangle(-12.5, -7.6, 25, 2.6, colour)
        + rectangle(-12.5, -6, 6.5, 6, colour)
        + rectangle(6, -6, 6.5, 6, colour)
    )


def lorry_left() -> str:
    """A lorry that drives to the left, 54 units long: its origin is the middle of the line on which it stands."""
    cab = path(
        *("M", -27, -5, "V", -12.5, "L", -24.5, -20, "H", -13, "V", -5, "Z"),
        *("M", -24.3, -12.5, "H", -18.5, "V", -17.8, "H", -22.6, "Z"),
    )
    return (
        rectangle(-11.5, -25.5, 38.5, 17, BLACK)
        + rectangle(-25, -7.5, 50, 3.2, BLACK)
        + fill(cab, BLACK)
        + _wheels(-18, 9, 17.5)
    )


def lorry_with_bonnet() -> str:
    """The lorry of older signs, with its engine before the cab."""
    cab = path(
        *("M", -28, -4.5, "V", -9.5, "Q", -28, -11, -26, -11.2, "L", -19.5, -12, "L", -16.5, -20, "H", -8.5, "V", -4.5),
        *("Z", "M", -17.2, -12.4, "H", -12, "V", -17.8, "H", -15.3, "Z"),
    )
    return (
        rectangle(-7.5, -25, 34, 17.5, BLACK) + rectangle(-10, -7, 36, 3, BLACK) + fill(cab, BLACK) + _wheels(-20, 15)
    )


def skid() -> str:
    """A car that slides to the right, over its wavy tracks; fits a triangle on the canvas."""
    tracks = path(
        *("M", 33, 79.5, "C", 45, 79, 40, 75.5, 37, 74, "C", 34.5, 72.5, 37, 70, 44, 69.5),
        *("M", 47, 80, "C", 62, 80, 58, 76.5, 54, 75, "C", 52, 73.5, 56, 72.5, 68, 73.5),
    )
    return place(car(), 49.5, 65.5, scale=0.95, turn=11) + stroke(tracks, BLACK, 1.8)


def bicycle() -> str:
    """A bicycle that goes to the left, in a triangle on the canvas."""
    left, right, axle, radius = 33.0, 67.0, 70.5, 9.0
    wheels = "".join(
        stroke(
            path("M", x - radius, axle, "a", radius, radius, 0, 1, 1, 2 * radius, 0)
            + path(" a", radius, radius, 0, 1, 1, -2 * radius, 0, "Z"),
            BLACK,
            2.6,
        )
        for x in (left, right)
    )
    frame = path(
        *("M", left, axle, "L", 41.5, 49, "H", 36, "M", 40, 54.5, "H", 57.5, "L", 49, 70.5, "L", 40, 55.5),
        *("M", 49, 70.5, "H", right, "L", 57.5, 54.5, "L", 56.2, 51),
    )
    saddle = stroke(path("M", 52.5, 50.5, "H", 60.5), BLACK, 2.8, rounded=True)
    bicycle = wheels + stroke(frame, BLACK, 2.4, rounded=True) + saddle + circle(49, 70.5, 2.6, BLACK)
    return place(bicycle, 4, 6.5, scale=0.92)


def _wheels(*places: float) -> str:
    return "".join(circle(x, -4.2, 4.2, BLACK) for x in places)
