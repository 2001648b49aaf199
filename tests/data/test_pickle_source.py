"""The bytes of a pickle: read to their end and never beyond."""

from __future__ import annotations

import io
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns.data.pickle_source import CHUNK, MAX_LINE, PickleSource
from roadsigns.errors import DataError


def source(data: bytes) -> PickleSource:
    return PickleSource(io.BytesIO(data), len(data))


@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_are_as_struct_and_pickle_write_them(number: int) -> None:
    assert source(struct.pack("<q", number)).number("<q") == number
    data = number.to_bytes(9, "little", signed=True)
    assert source(bytes([9]) + data).long() == number


@given(st.text(alphabet=st.characters(max_codepoint=255)))
def test_strings_of_python_2_are_as_it_writes_them(text: str) -> None:
    """Its `repr` of bytes, but for the b in front."""
    assert source(repr(text.encode("latin-1"))[1:].encode() + b"\n").escaped() == text
    assert source(struct.pack("<i", len(text)) + text.encode("latin-1")).latin("<i") == text


@given(st.text())
def test_texts_are_as_pickle_writes_them(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    assert source(struct.pack("<Q", len(data)) + data).utf8("<Q") == text
    assert pickle.loads(pickle.dumps(text)) == text


def test_an_announced_length_costs_nothing() -> None:
    with pytest.raises(DataError, match="ends too early"):
        source(b"abc").array(2**62)
    long = bytes(CHUNK + 5)
    assert len(source(long).array(len(long))) == len(long)


def test_a_file_shorter_than_it_says_is_refused() -> None:
    with pytest.raises(DataError, match="ends too early"):
        PickleSource(io.BytesIO(b"ab"), 5).array(3)


def test_a_line_ends_or_is_refused() -> None:
    read = source(b"numpy\nrest")
    assert read.line() == b"numpy" and read.left == 4
    for data in (b"no end", b"x" * MAX_LINE + b"\n"):
        with pytest.raises(DataError, match="does not end"):
            source(data).line()
    assert source(b"x" * MAX_LINE + b"\n").long_line() == b"x" * MAX_LINE


@pytest.mark.parametrize("line", [b"abc\n", b"'abc\n", b"'abc\"\n", b"'\n", b"\n"])
def test_a_string_stands_in_quotes(line: bytes) -> None:
    with pytest.raises(DataError, match="without quotes"):
        source(line).escaped()


def test_the_end_is_where_nothing_is_left() -> None:
    read = source(b"a")
    assert not read.at_end() and read.code() == b"a" and read.at_end()
