"""Signs drawn by the project itself: no picture of it was ever taken."""

from .designs import Design, every, variants
from .draw import cores, draw, draw_backgrounds
from .factors import Camera, Factor
from .render import render

__all__ = ["Camera", "Design", "Factor", "cores", "draw", "draw_backgrounds", "every", "render", "variants"]
