"""The version is one that an index takes, and is said in one place."""

import re

import roadsigns
from roadsigns.version import __version__


def test_the_version_is_one() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    assert roadsigns.__version__ == __version__
