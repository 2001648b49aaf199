"""Bodies made to cost much: the work grows with their size and no faster."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from bodies import FLOAT, STRING, refusal, whatever

MIB = 2**20
ADVERSARIES: dict[str, Callable[[int], bytes]] = {
    "an open string": lambda n: b'{"inputs": "' + b"a" * n,
    "escapes": lambda n: b'{"inputs": "' + b"\\n" * (n // 2) + b"\\x",
    "surrogates": lambda n: b'{"inputs": "' + b"\\ud83d\\ude00" * (n // 12) + b'"}',
    "a long integer": lambda n: b'{"inputs": ' + b"9" * n + b"}",
    "a long fraction": lambda n: b'{"inputs": 0.' + b"3" * n + b"}",
    "a long exponent": lambda n: b'{"inputs": 1e-' + b"9" * n + b"}",
    "exponents": lambda n: b'{"inputs": [' + b"1e0000000000," * (n // 13) + b"1]}",
    "infinities": lambda n: b'{"inputs": [' + b"Inf," * (n // 4) + b"1]}",
    "white space": lambda n: b" " * n + b"{" + b" " * n,
    "a deep nest": lambda n: b'{"inputs": ' + b"[" * n,
    "a deep nest of objects": lambda n: b'{"a":' * (n // 5),
    "empty lists": lambda n: b'{"inputs": [' + b"[]," * (n // 3) + b"]}",
    "ragged at the end": lambda n: b'{"inputs": [' + b"[1]," * (n // 4) + b"[]]}",
    "rows that differ at the end": lambda n: b'{"instances": [' + b"[1]," * (n // 4) + b"[]]}",
    "named rows that differ at the end": lambda n: b'{"instances": [' + b'{"x":1},' * (n // 8) + b"{}]}",
    "many keys": lambda n: b"{" + b"".join(b'"%d":0,' % each for each in range(n // 10)) + b'"":0}',
    "one key many times": lambda n: b"{" + b'"a":0,' * (n // 6) + b'"a":0}',
    "bad UTF-8 at the end": lambda n: b'{"inputs": [' + b"1.5," * (n // 4) + b'"\xff"]}',
    "base64 with white space": lambda n: b'{"inputs": {"b64": "' + b"QUJD " * (n // 5) + b'"}}',
    "padding": lambda n: b'{"inputs": {"b64": "' + b"=" * n + b'"}}',
    "e after e": lambda n: b'{"inputs": "' + b"1e1" * (n // 3) + b'"}',
}


def calls(body: bytes) -> int:
    """How many functions are entered, those in C included, while a body is read."""
    count = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        whatever(body, STRING if b"b64" in body else FLOAT)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("make", ADVERSARIES.values(), ids=ADVERSARIES)
def test_work_grows_with_the_body_only(make: Callable[[int], bytes]) -> None:
    assert calls(make(20_000)) < 2.1 * calls(make(10_000)) + 300


@pytest.mark.parametrize("make", ADVERSARIES.values(), ids=ADVERSARIES)
def test_a_large_body_is_done_with(make: Callable[[int], bytes]) -> None:
    body = make(MIB)
    whatever(body, STRING if b"b64" in body else FLOAT)


def test_a_longer_body_of_each_cheap_kind() -> None:
    for name in (
        "an open string",
        "a long integer",
        "a long fraction",
        "a long exponent",
        "white space",
        "a deep nest",
        "padding",
    ):
        body = ADVERSARIES[name](5 * MIB)
        whatever(body, STRING if b"b64" in body else FLOAT)


def test_the_errors_say_where_not_what(recwarn: pytest.WarningsRecorder) -> None:
    assert re.fullmatch(
        r"JSON Parse error: .* at offset: 5000012", refusal(b'{"inputs": [' + b"1.25," * 1_000_000).message
    )
    assert not recwarn
