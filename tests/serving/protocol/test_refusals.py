"""The words that clients and tools match on."""

from __future__ import annotations

from typing import Any

import pytest

from roadsigns.errors import RequestError
from roadsigns.serving.protocol import refusals


@pytest.mark.parametrize(
    ("made", "code", "words"),
    [
        (refusals.servable_not_found("m"), "NOT_FOUND", "Servable not found for request: Latest(m)"),
        (refusals.servable_not_found("m", 0), "NOT_FOUND", "Servable not found for request: Specific(m, 0)"),
        (refusals.no_status("m"), "NOT_FOUND", "Could not find any versions of model m"),
        (refusals.no_status("m", 0), "NOT_FOUND", "Could not find version 0 of model m"),
        (refusals.unknown_label("x"), "INVALID_ARGUMENT", "Unrecognized servable version label: x"),
        (
            refusals.unknown_signature(""),
            "INVALID_ARGUMENT",
            'Serving signature name: "serving_default" not found in signature def',
        ),
        (
            refusals.unknown_signature("s", "regress"),
            "INVALID_ARGUMENT",
            "No signature was found with the name: s",
        ),
        (refusals.refused({"a": [1]}, "Is not object"), "INVALID_ARGUMENT", 'JSON Value: {"a": [1]} Is not object'),
    ],
)
def test_the_words_are_tensorflow_servings(made: RequestError, code: str, words: str) -> None:
    assert (made.code, made.message) == (code, words)


@pytest.mark.parametrize(
    ("value", "word"),
    [(None, "Null"), (True, "True"), (False, "False"), ({}, "Object"), ([], "Array"), ("", "String"), (1.5, "Number")],
)
def test_types_have_rapidjsons_names(value: Any, word: str) -> None:
    assert refusals.type_word(value) == word


def test_what_is_long_is_cut_short() -> None:
    for value in ("x" * 10**6, [0] * 10**6, {"a": "x" * 10**6}):
        echoed = refusals.echo(value)
        assert len(echoed) == refusals.LIMIT + 3 and echoed.endswith("...")
