"""The pictures: fetched, verified and read as uint8 arrays."""

from .dataset import Dataset
from .sources import DEFAULT_DIR, load
from .split import Split, Splits

__all__ = ["DEFAULT_DIR", "Dataset", "Split", "Splits", "load"]
