"""One page that tells a person how good a model is, with the same figures as JSON beside it."""

from .page import FIGURES, PAGE, check_place, write
from .study import Study, Subject

__all__ = ["FIGURES", "PAGE", "Study", "Subject", "check_place", "write"]
