"""Printed floats read back exactly, and look as C's `%g` has them; `numpy` and `struct` are the second way."""

from __future__ import annotations

import math
import struct
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsigns.serving.protocol.predict_answer import float_texts

EXAMPLES = [
    (0.0, "0.0"),
    (-0.0, "-0.0"),
    (1.0, "1.0"),
    (100000.0, "100000.0"),
    (1e6, "1e+06"),
    (9e6, "9e+06"),
    (0.00003, "3e-05"),
    (0.2, "0.2"),
    (1 / 3, "0.333333343"),
    (16777217.0, "16777216.0"),
    (123456.0, "123456.0"),
    (1234567.0, "1234567.0"),
    (2**-149, "1.4013e-45"),
    (3.4028234663852886e38, "3.40282347e+38"),
    (math.nan, "NaN"),
    (math.inf, "Infinity"),
    (-math.inf, "-Infinity"),
]


@pytest.mark.parametrize(("number", "text"), EXAMPLES)
def test_a_float32_prints_as(number: float, text: str) -> None:
    assert float_texts(np.array([number], np.float32)) == [text]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.1, "0.1"), (1 / 3, "0.33333333333333331"), (2.0**60, "1.152921504606847e+18"), (5e-324, "4.94066e-324")],
)
def test_a_float64_prints_as(number: float, text: str) -> None:
    assert float_texts(np.array([number])) == [text]


def test_nothing_prints_as_nothing() -> None:
    assert float_texts(np.empty(0, np.float32)) == []


def nearest_float32(text: str) -> bool:
    """Not used by the code under test: whether `text`, read without a detour by a double, is nearest to its float32."""
    exact = Fraction(Decimal(text))
    near = np.float32(float(text))
    rivals = [np.nextafter(near, np.float32(side)) for side in (-np.inf, np.inf)]
    return all(
        abs(Fraction(float(near)) - exact) < abs(Fraction(float(each)) - exact) for each in rivals if np.isfinite(each)
    )


def patterns() -> np.ndarray:
    """Bit patterns of float32 from end to end: 200,000 evenly, and all near each power of two and of ten."""
    evenly = np.arange(0, 2**32, 21474, dtype=np.uint64)
    powers = np.concatenate(
        [np.ldexp(np.float32(1), np.arange(-149, 128)), np.float32(10.0) ** np.arange(-44, 39)]
    ).astype(np.float32)
    near = powers.view(np.uint32).astype(np.int64)[:, np.newaxis] + np.arange(-20, 21)
    return np.concatenate([evenly, near.ravel() % 2**32]).astype(np.uint32)


def test_every_kind_of_float32_reads_back() -> None:
    bits = patterns()
    numbers = bits.view(np.float32)
    printed = float_texts(numbers)
    for pattern, number, text in zip(bits.tolist(), numbers.tolist(), printed, strict=True):
        if number != number:
            assert text == "NaN"
        else:
            assert struct.unpack("<I", struct.pack("<f", float(text)))[0] == pattern, text


def test_no_detour_is_needed_to_read_a_float32_back() -> None:
    numbers = patterns().view(np.float32)[::40]
    printed = float_texts(numbers[np.isfinite(numbers)])
    assert all(map(nearest_float32, printed))


@given(number=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_six_digits_unless_they_lie(number: float) -> None:
    [text] = float_texts(np.array([number], np.float32))
    short = f"{number:.6g}"
    if np.float32(short) == np.float32(number):
        assert text in (short, short + ".0")
    else:
        assert float(text) == float(f"{number:.9g}")
    assert np.float32(text) == np.float32(number)


@given(number=st.floats(allow_nan=False))
def test_a_float64_reads_back(number: float) -> None:
    [text] = float_texts(np.array([number]))
    assert repr(float(text)) == repr(number)


def test_whatever_six_digits_say_is_said_in_six() -> None:
    """Many at once, most of which need more: none that does not is missed."""
    rng = np.random.default_rng(0)
    rounded = [float(f"{each:.{digits}g}") for digits in range(1, 8) for each in rng.random(500)]
    scaled = np.array([float(f"{each}e{rng.integers(-30, 30)}") for each in rounded * 3], np.float32)
    every = patterns()[::50].view(np.float32)
    numbers = np.concatenate([np.array(rounded, np.float32), scaled, every[np.isfinite(every)]])
    for number, text in zip(numbers.tolist(), float_texts(numbers), strict=True):
        short = f"{number:g}"
        says_it = np.float32(short) == np.float32(number) and nearest_float32(short)
        assert (text in (short, f"{short}.0")) == says_it
