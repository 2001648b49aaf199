"""The version of the package; CHANGELOG.md tells what it has."""

__version__ = "0.1.0"
