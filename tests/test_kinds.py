"""Kinds of values: what is read and what is refused."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns import kinds
from roadsigns.errors import UsageError
from roadsigns.kinds import Kind

EPOCHS, PERCENT, RATE = kinds.whole(1), kinds.share(0, 100), kinds.share(0, math.inf)
MOMENTUM = kinds.within(0, 1)
SEED, SPLIT = kinds.whole(0, 2**31 - 1), kinds.choice("train", "valid", "test")

GOOD: dict[str, tuple[Kind, Any, Any]] = {
    "host and port": (kinds.AUTHORITY, "roadsigns-tensorflow:8501", "roadsigns-tensorflow:8501"),
    "address with scheme": (kinds.AUTHORITY, "http://10.0.0.1:08501/", "10.0.0.1:8501"),
    "host without port": (kinds.AUTHORITY, "model_server", "model_server:80"),
    "IPv6 address": (kinds.AUTHORITY, "http://[::1]:8501", "[::1]:8501"),
    "no frame": (kinds.ANCESTORS, "none", "'none'"),
    "frames of one's own origin": (kinds.ANCESTORS, "self", "'self'"),
    "quoted as in the policy": (
        kinds.ANCESTORS,
        "'self'  https://hub.example:8443",
        "'self' https://hub.example:8443",
    ),
    "frames of a domain": (kinds.ANCESTORS, "https://*.hub.example localhost:*", "https://*.hub.example localhost:*"),
    "text of a whole number": (EPOCHS, "15", 15),
    "whole float": (EPOCHS, 2.0, 2),
    "least": (EPOCHS, "1", 1),
    "zero where allowed": (SEED, "0", 0),
    "most": (SEED, "2147483647", 2**31 - 1),
    "percent": (PERCENT, "1", 1.0),
    "a part of a percent": (PERCENT, "0.5", 0.5),
    "all": (PERCENT, "100", 100.0),
    "exponent": (RATE, "1e-3", 0.001),
    "none of a momentum": (MOMENTUM, "0", 0.0),
    "momentum": (MOMENTUM, "0.999", 0.999),
    "word": (SPLIT, "valid", "valid"),
    "path": (kinds.PATH, "a/b", Path("a/b")),
    "path as it is": (kinds.PATH, Path("a"), Path("a")),
    "paths": (kinds.PATHS, ["a.png", Path("b.png")], (Path("a.png"), Path("b.png"))),
    "text": (kinds.TEXT, "gtsrb", "gtsrb"),
    "path as text": (kinds.TEXT, Path("a/b.zip"), "a/b.zip"),
    "true": (kinds.SWITCH, True, True),
}

WHOLE, SHARE = "expected a whole number of at least 1", "expected a number above 0 and at most 100"
BAD: dict[str, tuple[Kind, Any, str]] = {
    "0": (EPOCHS, "0", f"{WHOLE}. Received: '0'"),
    "negative": (EPOCHS, "-3", f"{WHOLE}. Received: '-3'"),
    "half": (EPOCHS, "1.5", f"{WHOLE}. Received: '1.5'"),
    "half a float": (EPOCHS, 1.5, f"{WHOLE}. Received: 1.5"),
    "letters": (EPOCHS, "abc", f"{WHOLE}. Received: 'abc'"),
    "nothing": (EPOCHS, "", f"{WHOLE}. Received: ''"),
    "exponent": (EPOCHS, "1e2", f"{WHOLE}. Received: '1e2'"),
    "infinite": (EPOCHS, math.inf, f"{WHOLE}. Received: inf"),
    "NaN": (EPOCHS, math.nan, f"{WHOLE}. Received: nan"),
    "switch": (EPOCHS, True, f"{WHOLE}. Received: True"),
    "list": (EPOCHS, [1], f"{WHOLE}. Received: [1]"),
    "too many digits": (EPOCHS, "9" * 5000, WHOLE),
    "above the most": (SEED, 2**31, "a whole number of at least 0 and at most 2147483647. Received: 2147483648"),
    "0 percent": (PERCENT, "0", f"{SHARE}. Received: '0'"),
    "-0 percent": (PERCENT, "-0.0", f"{SHARE}. Received: '-0.0'"),
    "-1 percent": (PERCENT, "-1", f"{SHARE}. Received: '-1'"),
    "101 percent": (PERCENT, "101", f"{SHARE}. Received: '101'"),
    "a little too much": (PERCENT, "100.0000001", f"{SHARE}. Received: '100.0000001'"),
    "NaN percent": (PERCENT, "NaN", f"{SHARE}. Received: 'NaN'"),
    "percent sign": (PERCENT, "5%", f"{SHARE}. Received: '5%'"),
    "true percent": (PERCENT, True, f"{SHARE}. Received: True"),
    "too large": (RATE, "1e400", "expected a number above 0 and finite. Received: '1e400'"),
    "infinite rate": (RATE, "inf", "expected a number above 0 and finite. Received: 'inf'"),
    "too large a whole number": (RATE, 10**400, "expected a number above 0 and finite."),
    "all of a momentum": (MOMENTUM, "1", "expected a number of at least 0 and below 1. Received: '1'"),
    "negative momentum": (MOMENTUM, "-0.1", "expected a number of at least 0 and below 1. Received: '-0.1'"),
    "NaN momentum": (MOMENTUM, "nan", "expected a number of at least 0 and below 1. Received: 'nan'"),
    "true momentum": (MOMENTUM, True, "expected a number of at least 0 and below 1. Received: True"),
    "other word": (SPLIT, "Train", "expected train, valid or test. Received: 'Train'"),
    "no word": (SPLIT, "", "expected train, valid or test. Received: ''"),
    "empty path": (kinds.PATH, "", "expected a path. Received: ''"),
    "NUL in a path": (kinds.PATH, "a\0b", r"expected a path. Received: 'a\x00b'"),
    "number as path": (kinds.PATH, 5, "expected a path. Received: 5"),
    "empty among paths": (kinds.PATHS, ["a", ""], "expected one or more paths. Received: ['a', '']"),
    "one path for many": (kinds.PATHS, "sign.png", "expected one or more paths. Received: 'sign.png'"),
    "empty text": (kinds.TEXT, "", "expected a text that is not empty. Received: ''"),
    "number as text": (kinds.TEXT, 5, "expected a text that is not empty. Received: 5"),
    "frames: another directive": (kinds.ANCESTORS, "self; script-src *", "expected none, or self and origins"),
    "frames: a line break": (kinds.ANCESTORS, "self\r\nX: y", "expected none, or self and origins"),
    "frames: a path": (
        kinds.ANCESTORS,
        "https://hub.example/lab",
        "without a path. Received: 'https://hub.example/lab'",
    ),
    "frames: none and more": (kinds.ANCESTORS, "none https://hub.example", "expected none, or self and origins"),
    "frames: nothing": (kinds.ANCESTORS, " ", "expected none, or self and origins"),
    "frames: a number": (kinds.ANCESTORS, 8501, "expected none, or self and origins"),
    "frames: a script": (kinds.ANCESTORS, "'unsafe-inline'", "expected none, or self and origins"),
    "TLS address": (kinds.AUTHORITY, "https://models:8501", "no https://, no path). Received: 'https://models:8501'"),
    "address with path": (kinds.AUTHORITY, "models:8501/v1", "expected host:port"),
    "address with user": (kinds.AUTHORITY, "me:x@models:8501", "expected host:port"),
    "port too large": (kinds.AUTHORITY, "models:65536", "expected host:port"),
    "port 0": (kinds.AUTHORITY, "models:0", "expected host:port"),
    "two addresses": (kinds.AUTHORITY, "models:1,models:2", "expected host:port"),
    "number as address": (kinds.AUTHORITY, 8501, "expected host:port"),
    "no address": (kinds.AUTHORITY, "", "expected host:port"),
    "number as switch": (kinds.SWITCH, 1, "expected true or false. Received: 1"),
    "text as switch": (kinds.SWITCH, "yes", "expected true or false. Received: 'yes'"),
}


@pytest.mark.parametrize(("kind", "value", "expected"), GOOD.values(), ids=GOOD.keys())
def test_check_reads(kind: Kind, value: Any, expected: Any) -> None:
    read = kinds.check("--flag", kind, value)
    assert read == expected and type(read) is type(expected)


@pytest.mark.parametrize(("kind", "value", "message"), BAD.values(), ids=BAD.keys())
def test_check_rejects(kind: Kind, value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape("Invalid value for --flag: ") + ".*" + re.escape(message)):
        kinds.check("--flag", kind, value)


@given(
    st.sampled_from([EPOCHS, SEED, PERCENT, RATE, SPLIT, kinds.TEXT, kinds.SWITCH, kinds.PATH]),
    st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.binary(), st.lists(st.integers())),
)
def test_check_raises_ours_or_keeps_its_word(kind: Kind, value: Any) -> None:
    try:
        read = kinds.check("--flag", kind, value)
    except UsageError:
        return
    assert kind.read(read) == read, "what was read is a value of its kind"
    if kind is EPOCHS:
        assert isinstance(read, int) and read >= 1
    if kind in (PERCENT, RATE):
        assert 0 < read < math.inf
