"""Arrays from a stranger's words: as NumPy makes them where it can, refused otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from roadsigns.data.ndarrays import DTYPES, Dtype, from_buffer, shaped
from roadsigns.errors import DataError


def memory(array: np.ndarray, order: str = "C") -> np.ndarray:
    return np.frombuffer(bytearray(array.tobytes(order)), np.uint8)  # type: ignore[arg-type]


def dtype(code: str, order: str) -> Dtype:
    made = Dtype(code)
    made.build((3, order, None, None, None, -1, -1, 0))
    return made


ARRAYS = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda code: hnp.arrays(code, hnp.array_shapes(min_dims=0, min_side=0))
)


@given(ARRAYS, st.sampled_from("<>"), st.booleans())
def test_an_array_comes_back_in_every_byte_order_and_layout(array: np.ndarray, order: str, fortran: bool) -> None:
    written = array.astype(array.dtype.newbyteorder(order))
    made = shaped(
        memory(written, "F" if fortran else "C"), dtype(array.dtype.str[1:], order), array.shape, fortran=fortran
    )
    np.testing.assert_array_equal(made, array)
    assert made.flags.c_contiguous and made.flags.writeable and made.dtype.isnative


def test_a_buffer_in_the_order_of_memory_is_transposed() -> None:
    array = np.arange(24, dtype="u1").reshape(2, 3, 4)
    axes = (2, 0, 1)
    made = from_buffer(memory(array), dtype("u1", "|"), array.shape, "K", axes)
    np.testing.assert_array_equal(made.numbers, array.transpose(axes))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3,), "an array of 4 bytes where its shape needs 3"),
        ((-1, -4), "a length that is not a whole number of at least 0"),
        ((True, 4), "a length that is not a whole number"),
        ([4], "without a proper shape"),
        ((1,) * 33, "without a proper shape"),
        ((2**62, 2**62), "where its shape needs"),
    ],
)
def test_a_shape_that_the_bytes_do_not_fill_is_refused(shape: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        shaped(np.zeros(4, np.uint8), dtype("u1", "|"), shape, fortran=False)


@pytest.mark.parametrize("code", ["O", "V8", "U4", "S3", "c8", "M8[s]", "u1,u1", 5, None])
def test_only_plain_numbers_are_arrays(code: Any) -> None:
    with pytest.raises(DataError, match="only plain numbers are allowed"):
        Dtype(code)


@pytest.mark.parametrize("state", [(3, "<"), None, (3, "x", None, None, None), (3, "<", ("u1",), None, None)])
def test_a_dtype_of_another_form_is_refused(state: Any) -> None:
    with pytest.raises(DataError, match="dtype"):
        Dtype("u1").build(state)


def test_truth_is_0_or_1() -> None:
    with pytest.raises(DataError, match="neither 0 nor 1"):
        shaped(np.uint8([0, 1, 2]), dtype("b1", "|"), (3,), fortran=False)


@pytest.mark.parametrize("axes", [(0,), (0, 0), (0, 2), "01", (0.0, 1.0)])
def test_axes_that_are_not_there_are_refused(axes: Any) -> None:
    with pytest.raises(DataError, match="axes that it does not have"):
        from_buffer(np.zeros(4, np.uint8), dtype("u1", "|"), (2, 2), "K", axes)
