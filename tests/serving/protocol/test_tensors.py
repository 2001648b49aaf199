"""Base64 against the standard library's encoder."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns.errors import RequestError
from roadsigns.serving.protocol.tensors import decode_base64, is_binary


@given(data=st.binary(max_size=50), gap=st.sampled_from([" ", "\n", "\t\r "]), place=st.integers(0, 70))
def test_padding_and_white_space_are_free(data: bytes, gap: str, place: int) -> None:
    text = base64.b64encode(data).decode()
    for each in (text, text.rstrip("="), text.replace("=", "."), text[:place] + gap + text[place:]):
        assert decode_base64(each) == data


@pytest.mark.parametrize("text", ["QQ=", "Q", "Q===", "Q-_Q", "QQ==QQ==", "ä", "Q\0Q="])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="Unable to base64 decode"):
        decode_base64(text)


@pytest.mark.parametrize(
    ("value", "binary"), [({"b64": ""}, True), ({"b64": 1}, False), ({"b64": "", "a": 1}, False), ("b64", False)]
)
def test_bytes_are_an_object_of_one_member(value: Any, binary: bool) -> None:
    assert is_binary(value) is binary
