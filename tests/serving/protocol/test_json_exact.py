"""RapidJSON's grammar, words and offsets; expected values by hand from its grammar, or from the standard library."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns.errors import RequestError
from roadsigns.serving.protocol import json_exact, json_reader

EMPTY = "The document is empty."
INVALID = "Invalid value."
NAME = "Missing a name for object member."
COLON = "Missing a colon after a name of object member."
IN_OBJECT = "Missing a comma or } after an object member."
IN_ARRAY = "Missing a comma or ] after an array element."
HEX = "Incorrect hex digit after \\u escape in string."
SURROGATE = "The surrogate pair in string is invalid."
ESCAPE = "Invalid escape character in string."
QUOTE = "Missing a closing quotation mark in string."
ENCODING = "Invalid encoding in string."
TOO_BIG = "Number too big to be stored in double."
FRACTION = "Miss fraction part in number."
EXPONENT = "Miss exponent in number."

FAULTS = [
    (b" ", EMPTY, 1),
    (b"\xef\xbb\xbf\n", EMPTY, 4),
    (b"\0{}", EMPTY, 0),
    (b"nul", INVALID, 3),
    (b"nuLl", INVALID, 2),
    (b"[true, folse]", INVALID, 8),
    (b"[1,]", INVALID, 3),
    (b"[,1]", INVALID, 1),
    (b"[", INVALID, 1),
    (b"]", INVALID, 0),
    (b"[+1]", INVALID, 1),
    (b"[-]", INVALID, 2),
    (b"[-a]", INVALID, 2),
    (b"[.5]", INVALID, 1),
    (b"'a'", INVALID, 0),
    (b"//", INVALID, 0),
    (b"[nan]", INVALID, 2),
    (b"[NAN]", INVALID, 2),
    (b"[Infi]", INVALID, 5),
    (b"[-Infinit", INVALID, 9),
    (b"[In]", INVALID, 3),
    (b"[N]", INVALID, 2),
    (b"\xff", INVALID, 0),
    (b"{", NAME, 1),
    (b"{,", NAME, 1),
    (b"{1:2}", NAME, 1),
    (b'{"a":1,}', NAME, 7),
    (b'{"a"}', COLON, 4),
    (b'{"a" 1}', COLON, 5),
    (b'{"a":1 "b":2}', IN_OBJECT, 7),
    (b'{"a":1', IN_OBJECT, 6),
    (b'{"a":1]', IN_OBJECT, 6),
    (b'{"a":01}', IN_OBJECT, 6),
    (b"[1 2]", IN_ARRAY, 3),
    (b"[1", IN_ARRAY, 2),
    (b"[1}", IN_ARRAY, 2),
    (b"[-012]", IN_ARRAY, 3),
    (b"[1.5.5]", IN_ARRAY, 4),
    (b"[0x1]", IN_ARRAY, 2),
    (b'["\xc3\xa4", \xc3]', INVALID, 7),
    (b'["\\u12g4"]', HEX, 2),
    (b'["\\u12', HEX, 2),
    (b'["\\ud83d\\u12"]', HEX, 2),
    (b'["ab\\ud83d"]', SURROGATE, 4),
    (b'["\\ud83d\\n"]', SURROGATE, 2),
    (b'["\\ud83d\\ud83d"]', SURROGATE, 2),
    (b'["a\\x"]', ESCAPE, 3),
    (b'["\\', ESCAPE, 2),
    (b'["\n"]', ESCAPE, 2),
    (b'["a', QUOTE, 3),
    (b'{"a', QUOTE, 3),
    (b'["a\0"]', QUOTE, 3),
    (b'["\xc3\xa4\xff"]', ENCODING, 4),
    (b'["\\n\xed\xa0\x80"]', ENCODING, 4),
    (b'["\xc0\xaf"]', ENCODING, 2),
    (b"[1e309]", TOO_BIG, 1),
    (b"[1, -1E400]", TOO_BIG, 4),
    (b"[1" + b"0" * 309 + b"]", TOO_BIG, 1),
    (b"[-" + b"9" * 5000 + b"]", TOO_BIG, 1),
    (b"[1" + b"0" * 309 + b".5]", TOO_BIG, 1),
    (b"[1.]", FRACTION, 3),
    (b"[1.e5]", FRACTION, 3),
    (b"-0.", FRACTION, 3),
    (b"[1, 1e]", EXPONENT, 6),
    (b"[1e+]", EXPONENT, 4),
    (b"[1.5E-", EXPONENT, 6),
    (b"[" * 100_000, "Nesting is deeper than 1000 levels.", 1000),
    (b'{"a":' * 100_000, "Nesting is deeper than 1000 levels.", 5000),
]


@pytest.mark.parametrize(("body", "text", "offset"), FAULTS, ids=[repr(body[:20]) for body, _, _ in FAULTS])
def test_a_fault_is_named_and_found(body: bytes, text: str, offset: int) -> None:
    with pytest.raises(RequestError) as caught:
        json_exact.read(body)
    assert caught.value.message == f"JSON Parse error: {text} at offset: {offset}"


# What the reader in C takes for good is known to it alone where a number has over 308 digits before the point.
@pytest.mark.parametrize(
    ("body", "text", "offset"),
    [each for each in FAULTS if b"00000" not in each[0]],
    ids=[repr(body[:20]) for body, _, _ in FAULTS if b"00000" not in body],
)
def test_the_quick_reader_finds_the_same_faults(body: bytes, text: str, offset: int) -> None:
    with pytest.raises(RequestError) as caught:
        json_reader.read(body)
    assert caught.value.message == f"JSON Parse error: {text} at offset: {offset}"


@pytest.mark.parametrize("body", [body for body, _, _ in FAULTS if b"00000" in body], ids=["int", "float"])
def test_the_quick_reader_looks_again_when_told_to(body: bytes) -> None:
    document = json_reader.read(body)
    with pytest.raises(RequestError, match=r"Number too big to be stored in double\. at offset: 1"):
        document.confirm()


GOOD: list[tuple[bytes, Any]] = [
    (b'\xef\xbb\xbf {"a": 1}', {"a": 1}),
    (b'{"a": 1, "b": 2, "a": 3}', {"a": 1, "b": 2}),
    (b'{"a": {"b": 1, "b": 2}, "a": []}', {"a": {"b": 1}}),
    (b'{"a": 1} and more \xff', {"a": 1}),
    (b"{}}", {}),
    (b"[[], {}, [{}]]", [[], {}, [{}]]),
    (b"[Inf, -Inf, Infinity, -Infinity]", [math.inf, -math.inf, math.inf, -math.inf]),
    (b"[-0, -0.0, 1e-999, 1E+2]", [0, -0.0, 0.0, 100.0]),
    (b"[9223372036854775807, -9223372036854775808]", [2**63 - 1, -(2**63)]),
    (b"[1e0]", [1.0]),
    (b"[1e005]", [1e5]),
    (b'["\\ud83d\\ude00"]', ["\U0001f600"]),
    (b'["\\udc00"]', ["\udc00"]),
    (b'["\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u0000"]', ['"\\/\b\f\n\r\t\u00e4\0']),
    (b'["\xf0\x9f\x98\x80\x7f"]', ["\U0001f600\x7f"]),
    (b" \t\r\n[1 , 2\n,\t3 ]", [1, 2, 3]),
    (b'{"": null, "t": true, "f": false}', {"": None, "t": True, "f": False}),
]


@pytest.mark.parametrize("read", [json_exact.read, lambda body: json_reader.read(body).value], ids=["exact", "quick"])
@pytest.mark.parametrize(("body", "value"), GOOD, ids=[repr(body[:20]) for body, _ in GOOD])
def test_what_the_standard_library_reads_otherwise(read: Any, body: bytes, value: Any) -> None:
    assert repr(read(body)) == repr(value)


def test_nan_is_a_word() -> None:
    assert [math.isnan(number) for number in json_exact.read(b"[NaN, -NaN, 1]")] == [True, True, False]


def test_integers_past_64_bits_become_floats() -> None:
    assert repr(json_exact.read(b"[18446744073709551615, 18446744073709551616, -9223372036854775809]")) == repr(
        [2**64 - 1, 2.0**64, -(2.0**63)]
    )


def test_nesting_up_to_the_limit() -> None:
    value = json_exact.read(b"[" * 1000 + b"]" * 1000)
    depth = 0
    while value:
        [value] = value
        depth += 1
    assert depth == 999


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(value=VALUES, ascii_=st.booleans(), indent=st.sampled_from([None, 1]))
def test_both_readers_read_what_the_standard_library_writes(value: Any, ascii_: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_, indent=indent)
    body = text.encode("utf-8", "surrogatepass")
    if any(0xD800 <= ord(char) < 0xE000 for char in text):
        return
    assert repr(json_exact.read(body)) == repr(json_reader.read(body).value) == repr(value)


PIECES = st.sampled_from(
    [bytes([each]) for each in b'[]{}",:10- \n\0\\\xc3\xa4\xff']
    + [b'{"', b'":', b".5", b"e9", b"e999", b"E+", b"\\u", b"\\ud83d", b"NaN", b"Inf", b"inity", b"true", b"null"]
)


@given(body=st.binary(max_size=30) | st.lists(PIECES, max_size=30).map(b"".join))
def test_the_quick_reader_takes_nothing_that_the_exact_one_refuses(body: bytes) -> None:
    if not body:
        return
    try:
        expected = repr(json_exact.read(body))
    except RequestError as error:
        expected = error.message
    try:
        document = json_reader.read(body)
        found = repr(document.value)
    except RequestError as error:
        found = error.message
    assert found == expected


NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][-+]?[0-9]{1,3})?\Z")
NAMES = st.sampled_from(["a", "b", 'a": ', "instances"])
TEXTS = st.recursive(
    NUMBERS | st.sampled_from(["true", "null", "NaN", '"x"', '"\\ud800"']) | NAMES.map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda each: f"[{', '.join(each)}]")
        | st.lists(st.tuples(NAMES, inner), max_size=4).map(
            lambda each: "{" + ",".join(f"{json.dumps(name)} :{value}" for name, value in each) + "}"
        )
    ),
    max_leaves=12,
)


@given(st.lists(TEXTS, min_size=1, max_size=3).map(lambda each: f"[{','.join(each)}]".encode()))
def test_the_quick_readers_agree_with_the_exact_one(body: bytes) -> None:
    """Names that come twice, numbers of any size, words that are not JSON; types count as well."""
    try:
        expected = json_exact.read(body)
    except RequestError as error:
        with pytest.raises(RequestError) as caught:
            json_reader.read(body).confirm()
        assert caught.value.message == error.message
    else:
        assert typed(json_reader.read(body).value) == typed(expected)


def typed(value: Any) -> Any:
    """The value so that equal ones of different types differ, and NaN is itself."""
    if isinstance(value, dict):
        return [(name, typed(each)) for name, each in value.items()]
    if isinstance(value, list):
        return [typed(each) for each in value]
    # The standard library's integers have no limit.
    number = float(value) if type(value) is int and not -(2**63) <= value < 2**64 else value
    return type(number), repr(number)


def test_an_integer_of_309_digits_is_a_double_still() -> None:
    assert json_exact.read(b"1" + b"0" * 308) == 1e308
