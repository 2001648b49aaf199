"""The pictures: fetched, verified and read as uint8 arrays."""

from .dataset import Dataset, load
from .split import Split, Splits

__all__ = ["Dataset", "Split", "Splits", "load"]
