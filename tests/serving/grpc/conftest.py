"""One server for all that ask it without changing it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lines import Line, lines


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    yield from lines()
