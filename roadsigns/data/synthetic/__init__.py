"""Signs drawn by the project itself: no picture of it was ever taken."""

from .designs import Design, every, variants
from .render import render

__all__ = ["Design", "every", "render", "variants"]
