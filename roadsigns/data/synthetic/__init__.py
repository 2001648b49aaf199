"""Signs that the project draws itself, without a photograph."""

from .designs import Design, every, variants
from .draw import cores, draw, draw_backgrounds
from .factors import Camera, Factor
from .noise import draw_noise
from .objects import OBJECTS, draw_objects
from .render import render

__all__ = [
    "OBJECTS",
    "Camera",
    "Design",
    "Factor",
    "cores",
    "draw",
    "draw_backgrounds",
    "draw_noise",
    "draw_objects",
    "every",
    "render",
    "variants",
]
