"""Signs drawn by the project itself: no picture of it was ever taken."""

from .designs import Design, every, variants
from .draw import cores, draw, draw_backgrounds
from .factors import Camera, Factor
from .noise import draw_noise
from .render import render

__all__ = [
    "Camera",
    "Design",
    "Factor",
    "cores",
    "draw",
    "draw_backgrounds",
    "draw_noise",
    "every",
    "render",
    "variants",
]
