"""These tests need the real `dotscience` package, which only the tox environment `dotscience` has."""

from __future__ import annotations

import importlib.util

import pytest

collect_ignore_glob = [] if importlib.util.find_spec("dotscience") else ["*"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--remake", action="store_true", help="write fixtures/dotscience-record.json anew")
