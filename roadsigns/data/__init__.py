"""The pictures: fetched, verified and read as uint8 arrays."""

from .dataset import DEFAULT_DIR, Dataset, load
from .split import Split, Splits

__all__ = ["DEFAULT_DIR", "Dataset", "Split", "Splits", "load"]
